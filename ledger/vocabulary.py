"""The closed sets of Chargebee's order vocabulary (chargebee/contract.json). Output is the lower-case value."""

from enum import StrEnum


class OrderStatus(StrEnum):
    NEW = "new"
    PROCESSING = "processing"
    COMPLETE = "complete"
    CANCELLED = "cancelled"
    VOIDED = "voided"
    QUEUED = "queued"
    AWAITING_SHIPMENT = "awaiting_shipment"
    ON_HOLD = "on_hold"
    SHIPPED = "shipped"
    PARTIALLY_DELIVERED = "partially_delivered"
    DELIVERED = "delivered"
    RETURNED = "returned"


CURRENT_STATUSES = frozenset(
    {
        OrderStatus.QUEUED,
        OrderStatus.AWAITING_SHIPMENT,
        OrderStatus.ON_HOLD,
        OrderStatus.SHIPPED,
        OrderStatus.PARTIALLY_DELIVERED,
        OrderStatus.DELIVERED,
        OrderStatus.RETURNED,
        OrderStatus.CANCELLED,
    }
)
LEGACY_STATUSES = frozenset(
    {
        OrderStatus.NEW,
        OrderStatus.PROCESSING,
        OrderStatus.COMPLETE,
        OrderStatus.CANCELLED,
        OrderStatus.VOIDED,
    }
)


class LineItemStatus(StrEnum):
    QUEUED = "queued"
    AWAITING_SHIPMENT = "awaiting_shipment"
    ON_HOLD = "on_hold"
    SHIPPED = "shipped"
    PARTIALLY_DELIVERED = "partially_delivered"
    DELIVERED = "delivered"
    RETURNED = "returned"
    CANCELLED = "cancelled"


class CancellationReason(StrEnum):
    SHIPPING_CUT_OFF_PASSED = "shipping_cut_off_passed"
    PRODUCT_UNSATISFACTORY = "product_unsatisfactory"
    THIRD_PARTY_CANCELLATION = "third_party_cancellation"
    PRODUCT_NOT_REQUIRED = "product_not_required"
    DELIVERY_DATE_MISSED = "delivery_date_missed"
    ALTERNATIVE_FOUND = "alternative_found"
    INVOICE_WRITTEN_OFF = "invoice_written_off"
    INVOICE_VOIDED = "invoice_voided"
    FRAUDULENT_TRANSACTION = "fraudulent_transaction"
    PAYMENT_DECLINED = "payment_declined"
    SUBSCRIPTION_CANCELLED = "subscription_cancelled"
    PRODUCT_NOT_AVAILABLE = "product_not_available"
    OTHERS = "others"
    ORDER_RESENT = "order_resent"


class CreditNoteReason(StrEnum):
    WRITE_OFF = "write_off"
    SUBSCRIPTION_CHANGE = "subscription_change"
    SUBSCRIPTION_CANCELLATION = "subscription_cancellation"
    SUBSCRIPTION_PAUSE = "subscription_pause"
    CHARGEBACK = "chargeback"
    PRODUCT_UNSATISFACTORY = "product_unsatisfactory"
    SERVICE_UNSATISFACTORY = "service_unsatisfactory"
    ORDER_CHANGE = "order_change"
    ORDER_CANCELLATION = "order_cancellation"
    WAIVER = "waiver"
    OTHER = "other"
    FRAUDULENT = "fraudulent"


class OrderType(StrEnum):
    MANUAL = "manual"
    SYSTEM_GENERATED = "system_generated"


class PriceType(StrEnum):
    TAX_EXCLUSIVE = "tax_exclusive"
    TAX_INCLUSIVE = "tax_inclusive"


class PaymentStatus(StrEnum):
    NOT_PAID = "not_paid"
    PAID = "paid"


class ResentStatus(StrEnum):
    FULLY_RESENT = "fully_resent"
    PARTIALLY_RESENT = "partially_resent"


class EntityType(StrEnum):
    ADHOC = "adhoc"
    PLAN_ITEM_PRICE = "plan_item_price"
    ADDON_ITEM_PRICE = "addon_item_price"
    CHARGE_ITEM_PRICE = "charge_item_price"
    PLAN_SETUP = "plan_setup"
    PLAN = "plan"
    ADDON = "addon"


class ValidationStatus(StrEnum):
    NOT_VALIDATED = "not_validated"
    VALID = "valid"
    PARTIALLY_VALID = "partially_valid"
    INVALID = "invalid"


class CreditNoteType(StrEnum):
    ADJUSTMENT = "adjustment"
    REFUNDABLE = "refundable"
    STORE = "store"


class CreditNoteStatus(StrEnum):
    ADJUSTED = "adjusted"
    REFUNDED = "refunded"
    REFUND_DUE = "refund_due"
    VOIDED = "voided"


class InvoiceStatus(StrEnum):
    PAID = "paid"
    POSTED = "posted"
    PAYMENT_DUE = "payment_due"
    NOT_PAID = "not_paid"
    VOIDED = "voided"
    PENDING = "pending"


class DiscountType(StrEnum):
    ITEM_LEVEL_COUPON = "item_level_coupon"
    DOCUMENT_LEVEL_COUPON = "document_level_coupon"
    PROMOTIONAL_CREDITS = "promotional_credits"
    PRORATED_CREDITS = "prorated_credits"
    CUSTOM_DISCOUNT = "custom_discount"
    ITEM_LEVEL_DISCOUNT = "item_level_discount"
    DOCUMENT_LEVEL_DISCOUNT = "document_level_discount"


class EventSource(StrEnum):
    """Through which door a change came (chargebee/events.md, section 1)."""

    ADMIN_CONSOLE = "admin_console"
    API = "api"
    SCHEDULED_JOB = "scheduled_job"
    HOSTED_PAGE = "hosted_page"
    PORTAL = "portal"
    SYSTEM = "system"
    NONE = "none"
    JS_API = "js_api"
    MIGRATION = "migration"
    BULK_OPERATION = "bulk_operation"
    EXTERNAL_SERVICE = "external_service"


class LeftOutReason(StrEnum):
    """Why no order is generated for a line of an invoice (chargebee/order-generation.md, sections 1 and 2)."""

    NOT_SHIPPABLE = "not_shippable"
    DEADLINE_MISSED = "deadline_missed"
    TOO_MANY_ORDERS = "too_many_orders"


class PeriodUnit(StrEnum):
    """What a shipping period is counted in."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


class Weekday(StrEnum):
    """In the order of ``datetime.date.weekday``."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


class OrderNumberAssignment(StrEnum):
    """When a generated order gets its document number."""

    ON_DEMAND = "on_demand"
    AT_GENERATION = "at_generation"


class ReadyDate(StrEnum):
    """The dates of an order that are told when they are reached."""

    ORDER_DATE = "order_date"
    SHIPPING_DATE = "shipping_date"


class WebhookApiVersion(StrEnum):
    V1 = "v1"
    V2 = "v2"


class ResponseSchemaType(StrEnum):
    PLANS_ADDONS = "plans_addons"
    ITEMS = "items"
    COMPAT = "compat"


class WebhookStatus(StrEnum):
    """What became of the delivery of an event (chargebee/events.md, section 1)."""

    NOT_CONFIGURED = "not_configured"
    SCHEDULED = "scheduled"
    SUCCEEDED = "succeeded"
    RE_SCHEDULED = "re_scheduled"
    FAILED = "failed"
    SKIPPED = "skipped"
    NOT_APPLICABLE = "not_applicable"
    DISABLED = "disabled"
    RATE_LIMITED = "rate_limited"
