package custody

import (
	"fmt"
	"strings"

	"recover/pkg/rsadecrypt"
)

// String returns the event as a line for people.
func (e Event) String() string {
	return e.Time.Format("2006-01-02 15:04:05Z  ") + e.text()
}

// text is empty for a step that is not known.
func (e Event) text() string {
	key := rsadecrypt.Fingerprint(e.Key)
	switch e.Step {
	case StepBegin:
		return fmt.Sprintf("%s begins, with %s %s, SHA-256 %x", e.Verb, e.File, e.Version, e.SHA256)
	case StepInput:
		return fmt.Sprintf("read %s, SHA-256 %x", e.File, e.SHA256)
	case StepSet:
		return fmt.Sprintf("set %s: %d of %d shares open the recovery key %s", e.Set, e.Threshold, e.Count, key)
	case StepAccepted:
		text := fmt.Sprintf("share %d (%s) of set %s accepted", e.Share, e.Holder, e.Set)
		if e.Mended {
			text += ", mended: it was typed with errors"
		}
		return text
	case StepRefused:
		return fmt.Sprintf("refused (%s)%s", reasonTexts[e.Reason], e.suspect()+e.source())
	case StepExposed:
		if e.Holder == "" {
			return "a share was typed where it could be seen"
		}
		return fmt.Sprintf("share %d (%s) of set %s was typed where it could be seen", e.Share, e.Holder, e.Set)
	case StepRemoved:
		return fmt.Sprintf("share %d (%s) taken back", e.Share, e.Holder)
	case StepCombined:
		return fmt.Sprintf("the shares of set %s were combined", e.Set)
	case StepOpened:
		return fmt.Sprintf("the recovery key %s was opened", key)
	case StepSplit:
		text := fmt.Sprintf("new set %s: %d of %d shares open the recovery key %s", e.Set, e.Threshold, e.Count, key)
		if e.Replaces != (SetID{}) {
			text += fmt.Sprintf("; it replaces the set %s", e.Replaces)
		}
		return text
	case StepRecipient:
		return fmt.Sprintf("share %d (%s) is %s", e.Share, e.Holder, sealedWith(e.Recipient))
	case StepAnnounced:
		return fmt.Sprintf("next %s is written, SHA-256 %x", strings.TrimPrefix(e.Holder+"/"+e.File, "/"), e.SHA256)
	case StepOutput:
		return fmt.Sprintf("wrote %s, SHA-256 %x", strings.TrimPrefix(e.Holder+"/"+e.File, "/"), e.SHA256)
	case StepVerified:
		text := fmt.Sprintf("set %s: %s brought the key back", e.Set, e.coverage())
		switch e.ReadBack {
		case FromMedium:
			text += "; all files were read again from the medium"
		case FromCache:
			text += "; the files were read again, perhaps from the system's memory"
		}
		return text
	case StepMachine:
		return "the machine is not fit for this, and that was accepted: " + e.Item
	case StepEnd:
		return "end: " + string(e.Outcome)
	}
	return ""
}

func (e Event) coverage() string {
	if e.All {
		return fmt.Sprintf("all %d subsets", e.Tried)
	}
	return fmt.Sprintf("%d subsets, a sample, and all shares together", e.Tried)
}

// suspect names what was refused, as far as it is known.
func (e Event) suspect() string {
	switch {
	case e.Reason == ReasonWrongShare && e.Holder != "": // what it says is a claim
		text := fmt.Sprintf(": it claims to be share %d (%s)", e.Share, e.Holder)
		if e.Before {
			text += ", which was accepted before"
		}
		return text
	case e.Holder != "":
		return fmt.Sprintf(": share %d (%s)", e.Share, e.Holder)
	case e.Share > 0:
		return fmt.Sprintf(": share %d", e.Share)
	case e.Set != SetID{}:
		return fmt.Sprintf(": set %s", e.Set)
	case e.Key != Digest{}:
		return fmt.Sprintf(": recovery key %s", rsadecrypt.Fingerprint(e.Key))
	}
	return ""
}

// source says where it came from, as far as that was recorded.
func (e Event) source() string {
	switch e.Source {
	case FromFile:
		return "; from a file"
	case Typed:
		return "; typed or scanned"
	}
	return ""
}
