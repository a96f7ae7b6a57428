package main

import (
	"time"

	"reweft.dev/reweft"
)

// A supplier who doesn't answer is asked again every minute.
var quoteRetry = reweft.Retry{MaxAttempts: 5, FirstInterval: time.Minute}

// Inquire asks all suppliers at once, and takes the lowest price of those who answer in time.
var Inquire = reweft.Workflow("BestOfferWorkflow", findBestOffer)

func findBestOffer(ctx *reweft.Context, inquiry Inquiry) (BestOffer, error) {
	calls := make([]*reweft.Task[Offer], len(inquiry.Suppliers))
	for i, supplier := range inquiry.Suppliers {
		calls[i] = Quote.Call(ctx, QuoteRequest{inquiry.Item, supplier}, quoteRetry)
	}
	deadline := ctx.Timer(milliseconds(inquiry.TimeoutMS, 30*time.Second))

	result := BestOffer{Declined: []string{}, Late: []string{}}
	for i, supplier := range inquiry.Suppliers {
		select {
		case <-calls[i].Done():
		case <-deadline.Done():
		}
		if !calls[i].IsDone() {
			calls[i].Cancel()
			result.Late = append(result.Late, supplier)
			continue
		}
		offer, err := calls[i].Get()
		switch {
		case err != nil:
			result.Declined = append(result.Declined, supplier)
		case result.Best == nil || offer.Price < result.Best.Price:
			result.Best = &offer
		}
	}
	deadline.Cancel()
	return result, nil
}
