package kingdeesvc

// Forms are those whose bills are read whole.
var Forms = forms
