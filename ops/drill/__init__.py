"""Does verification find what it says it finds? Tampers with copies of a site in every documented way, and looks.

``tamperings`` is the list of what is done, ``drill`` does it and judges what verification says. Copies stand on a
server of their own, in a folder that is removed afterwards, with keys and anchors of their own.
"""
