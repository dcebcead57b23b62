DELETE FROM ledger.order_view
USING ledger.order_view_rebuilt AS ghost
WHERE order_view.site = $1 AND ghost.site = $1 AND ghost.run = $2 AND ghost.id = ANY ($3) AND ghost.is_ghost
    AND order_view.id = ghost.id
