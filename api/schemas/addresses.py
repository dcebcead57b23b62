"""The members of a shipping or billing address (chargebee/orders.md, section 3)."""

from api.fields import Choice, Country, Email, Text
from api.schemas.operation import ParameterSchema
from ledger.vocabulary import ValidationStatus


class AddressSchema(ParameterSchema):
    """An address, or changes to one: an empty member is None and clears it."""

    first_name = Text(150)
    last_name = Text(150)
    email = Email(70)
    company = Text(250)
    phone = Text(50)
    line1 = Text(150)
    line2 = Text(150)
    line3 = Text(150)
    city = Text(50)
    state_code = Text(50)
    state = Text(50)
    zip = Text(20)
    country = Country(50)
    validation_status = Choice(ValidationStatus)
