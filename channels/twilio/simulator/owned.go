package simulator

import "net/http"

// owned is the service's number as the API shows it, with what is set for it.
//
// Source: the operator's OpenAPI description, schema
// api.v2010.account.incoming_phone_number; fields that nobody here reads are
// left out.
type owned struct {
	AccountSID  string `json:"account_sid"`
	PhoneNumber string `json:"phone_number"`
	SMSMethod   string `json:"sms_method"`
	SMSURL      string `json:"sms_url"`
}

// numbers lists the one number there is, unless another is asked for.
func (o *Operator) numbers(w http.ResponseWriter, r *http.Request) {
	list := []owned{}
	if asked := r.URL.Query().Get("PhoneNumber"); asked == "" || asked == o.config.Number {
		list = append(list, owned{o.config.AccountSID, o.config.Number, http.MethodPost, o.config.Webhook()})
	}
	writeJSON(w, http.StatusOK, map[string]any{"incoming_phone_numbers": list, "page": 0, "page_size": defaultPageSize})
}
