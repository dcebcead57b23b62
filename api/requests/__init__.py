"""What is kept of requests for people: what was asked and answered, without what is nobody's business."""
