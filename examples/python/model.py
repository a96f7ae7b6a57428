"""What goes in and out, as JSON in camel case."""

from dataclasses import dataclass, field

from reweft import camel_case


@camel_case
@dataclass
class Order:
    """What a customer wants."""

    name: str
    quantity: int
    #: In dollars.
    total_cost: float
    #: How long a manager may take to approve; an hour, if absent.
    approval_timeout_ms: int | None = None


@dataclass
class OrderResult:
    """What becomes of an order."""

    processed: bool
    #: Why it was not.
    reason: str | None = None


@dataclass
class Items:
    """A number of pieces of something."""

    name: str
    quantity: int


@camel_case
@dataclass
class Reservation:
    """The answer to a reservation."""

    reserved: bool
    #: How many pieces there were.
    in_stock: int


@dataclass
class InventoryUpdate:
    """What to do with items that are reserved: one of the two."""

    #: They leave the stock.
    ship: Items | None = None
    #: They are there for others again.
    release: Items | None = None


@camel_case
@dataclass
class Payment:
    """What a customer has to pay."""

    order_id: str
    #: In dollars.
    amount: float


@dataclass
class Approval:
    """The payload of the event `ManagerApproval`, which may also be just `true`."""

    approved: bool


@camel_case
@dataclass
class Inquiry:
    """What is looked for, and whom to ask."""

    item: str
    suppliers: list[str]
    #: How long the suppliers may take to answer; half a minute, if absent.
    timeout_ms: int | None = None


@dataclass
class QuoteRequest:
    """What one supplier is asked."""

    item: str
    supplier: str


@dataclass
class Offer:
    """What a supplier wants for an item."""

    supplier: str
    #: In whole dollars.
    price: int


@dataclass
class BestOffer:
    """What comes of an inquiry."""

    #: The lowest offer, if there was one.
    best: Offer | None
    #: Who doesn't sell to us.
    declined: list[str] = field(default_factory=list)
    #: Who did not answer in time.
    late: list[str] = field(default_factory=list)


def dollars(amount: float) -> str:
    """7500.0 as $7500, and 20.5 as $20.5."""
    return "$" + repr(amount).removesuffix(".0")
