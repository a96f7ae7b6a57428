package main

import "encoding/json"

// Order is what a customer wants.
type Order struct {
	Name      string  `json:"name"`
	Quantity  uint32  `json:"quantity"`
	TotalCost float64 `json:"totalCost"` // in dollars
	// How long a manager may take to approve; an hour, if absent.
	ApprovalTimeoutMS *int64 `json:"approvalTimeoutMs,omitempty"`
}

func (o Order) items() Items { return Items{o.Name, o.Quantity} }

// OrderResult is what becomes of an order.
type OrderResult struct {
	Processed bool `json:"processed"`
	// Why it was not.
	Reason string `json:"reason,omitempty"`
}

// Approval is the payload of the event ManagerApproval: {"approved":true}, or just true.
type Approval bool

// UnmarshalJSON reads either form.
func (a *Approval) UnmarshalJSON(text []byte) error {
	var object struct {
		Approved *bool `json:"approved"`
	}
	if json.Unmarshal(text, &object) == nil && object.Approved != nil {
		*a = Approval(*object.Approved)
		return nil
	}
	return json.Unmarshal(text, (*bool)(a))
}

// Items is a number of pieces of something.
type Items struct {
	Name     string `json:"name"`
	Quantity uint32 `json:"quantity"`
}

// Reservation is the answer to a reservation.
type Reservation struct {
	Reserved bool `json:"reserved"`
	// How many pieces there were.
	InStock uint32 `json:"inStock"`
}

// InventoryUpdate is what to do with items that are reserved: one of the two.
type InventoryUpdate struct {
	// They leave the stock.
	Ship *Items `json:"ship,omitempty"`
	// They are there for others again.
	Release *Items `json:"release,omitempty"`
}

// Payment is what a customer has to pay.
type Payment struct {
	OrderID string  `json:"orderId"`
	Amount  float64 `json:"amount"` // in dollars
}

// Inquiry is what is looked for, and whom to ask.
type Inquiry struct {
	Item      string   `json:"item"`
	Suppliers []string `json:"suppliers"`
	// How long the suppliers may take to answer; half a minute, if absent.
	TimeoutMS *int64 `json:"timeoutMs,omitempty"`
}

// QuoteRequest is what one supplier is asked.
type QuoteRequest struct {
	Item     string `json:"item"`
	Supplier string `json:"supplier"`
}

// Offer is what a supplier wants for an item.
type Offer struct {
	Supplier string `json:"supplier"`
	Price    uint64 `json:"price"` // in whole dollars
}

// BestOffer is what comes of an inquiry.
type BestOffer struct {
	// The lowest offer, if there was one.
	Best *Offer `json:"best"`
	// Who doesn't sell to us.
	Declined []string `json:"declined"`
	// Who did not answer in time.
	Late []string `json:"late"`
}
