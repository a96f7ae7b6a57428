package main

import (
	"encoding/json"
	"testing"
	"time"

	"reweft.dev/reweft"
)

func TestTheLowestOfferInTimeWins(t *testing.T) {
	cases := []struct {
		suppliers []string
		output    string
		waited    time.Duration
	}{
		{
			[]string{"north", "south", "mars", "east"},
			`{"best":{"supplier":"south","price":9000},"declined":["mars"],"late":[]}`,
			0,
		},
		{
			[]string{"west", "north"},
			`{"best":{"supplier":"north","price":9500},"declined":[],"late":["west"]}`,
			30 * time.Second,
		},
		{nil, `{"best":null,"declined":[],"late":[]}`, 0},
	}
	for _, c := range cases {
		inShop(t, func(t *testing.T, shop *reweft.Test) {
			start := time.Now()
			result, err := findBestOffer(shop.Context(), Inquiry{Item: "cars", Suppliers: c.suppliers})
			output, _ := json.Marshal(result)
			if err != nil || string(output) != c.output {
				t.Errorf("%s, %v", output, err)
			}
			if waited := time.Since(start); waited != c.waited {
				t.Errorf("it took %v", waited)
			}
		})
	}
}
