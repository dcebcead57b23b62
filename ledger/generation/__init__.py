"""How orders come from invoices (chargebee/order-generation.md): pure functions of the invoice, the catalog, the
settings of the site, the gift that the invoice pays for, and the moment.

``due`` says whether an invoice generates orders, ``schedule`` when its lines ship, ``plan`` which orders there are
with which lines, ``shares`` what of the money each has, and ``facts`` what they are born with.
"""
