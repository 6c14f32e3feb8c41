package kingdee

import (
	"fmt"
	"time"
)

// Zone is where the server's wall clock hangs: the setting's zone while the login says nothing else, and the login's
// offset (STimeZone) once it differs from that, because the server knows better than a settings file. Where the two
// agree today the setting's zone is kept, since it also knows the offsets of other days.
func (c *Client) Zone() *time.Location {
	login := c.Login()
	_, offset := c.now().In(c.zone).Zone()
	if !login.HasOffset || login.UTCOffset == time.Duration(offset)*time.Second {
		return c.zone
	}
	return FixedZone(login.UTCOffset)
}

// FixedZone is a zone named like +08:00.
func FixedZone(offset time.Duration) *time.Location {
	seconds := int(offset / time.Second)
	sign, minutes := '+', seconds/60
	if seconds < 0 {
		sign, minutes = '-', -minutes
	}
	return time.FixedZone(fmt.Sprintf("%c%02d:%02d", sign, minutes/60, minutes%60), seconds)
}
