package verdict

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Values are the values of a prompt's own output fields by name: string, int64 or
// bool.
type Values map[string]any

// UnmarshalJSON keeps integers integers.
func (v *Values) UnmarshalJSON(raw []byte) error {
	var in map[string]any
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&in); err != nil {
		return err
	}
	if in == nil {
		return nil
	}
	out := make(Values, len(in))
	for name, value := range in {
		switch value := value.(type) {
		case string, bool:
			out[name] = value
		case json.Number:
			n, err := value.Int64()
			if err != nil {
				return fmt.Errorf("the field %q is no integer", clip(name))
			}
			out[name] = n
		default:
			return fmt.Errorf("the field %q is no text, integer or boolean", clip(name))
		}
	}
	*v = out
	return nil
}
