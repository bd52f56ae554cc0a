package message

import (
	"bytes"
	"encoding/json"
)

// Warning is something that is not as it should be and did not stop the work: a
// short, stable code for scripts, and a sentence for people.
type Warning struct {
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// NoCode is the code of a warning from a report that was written when warnings
// had none.
const NoCode = "no-code"

// String returns the sentence.
func (w Warning) String() string { return w.Detail }

// UnmarshalJSON reads a warning, or the text alone, as reports had it before
// warnings had codes.
func (w *Warning) UnmarshalJSON(data []byte) error {
	if bytes.HasPrefix(data, []byte(`"`)) {
		w.Code = NoCode
		return json.Unmarshal(data, &w.Detail)
	}
	type plain Warning // has no UnmarshalJSON
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	return d.Decode((*plain)(w))
}
