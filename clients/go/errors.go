package causeway

// The errors of nodes and of this package, by their stable codes.

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	causewayv1 "github.com/causeway-sync/causeway/clients/go/causeway/v1"
)

// A Code names a failure. Codes are stable; docs/errors.md lists all of them. Each is an error of its own, so that
// errors.Is(err, causeway.Conflict) asks for one.
type Code string

// Codes that programs ask for often. A node may send others.
const (
	Conflict          Code = "CONFLICT"
	Cancelled         Code = "CANCELLED"
	Closed            Code = "CLOSED"
	Disconnected      Code = "DISCONNECTED"
	Forbidden         Code = "FORBIDDEN"
	BadAddress        Code = "BAD_ADDRESS"
	Incompatible      Code = "INCOMPATIBLE"
	InvalidArgument   Code = "INVALID_ARGUMENT"
	LimitExceeded     Code = "LIMIT_EXCEEDED"
	NotHereYet        Code = "NOT_HERE_YET"
	NotStarted        Code = "NOT_STARTED"
	Protocol          Code = "PROTOCOL"
	ResourceExhausted Code = "RESOURCE_EXHAUSTED"
	Timeout           Code = "TIMEOUT"
	Unauthenticated   Code = "UNAUTHENTICATED"
	Unimplemented     Code = "UNIMPLEMENTED"
	UnknownEntry      Code = "UNKNOWN_ENTRY"
	UnknownTree       Code = "UNKNOWN_TREE"
	Unreachable       Code = "UNREACHABLE"
	ViewBuilding      Code = "VIEW_BUILDING"
	WrongPeer         Code = "WRONG_PEER"
)

// Why an entry is not valid.
const (
	EntryTooLarge      Code = "ENTRY_TOO_LARGE"
	EntryMalformed     Code = "ENTRY_MALFORMED"
	EntryNotCanonical  Code = "ENTRY_NOT_CANONICAL"
	EntryVersion       Code = "ENTRY_VERSION"
	EntrySignature     Code = "ENTRY_SIGNATURE"
	EntryAuthor        Code = "ENTRY_AUTHOR"
	EntryTree          Code = "ENTRY_TREE"
	EntryRoot          Code = "ENTRY_ROOT"
	EntryParents       Code = "ENTRY_PARENTS"
	EntryHeight        Code = "ENTRY_HEIGHT"
	EntryPolicy        Code = "ENTRY_POLICY"
	EntryChanges       Code = "ENTRY_CHANGES"
	EntryNonce         Code = "ENTRY_NONCE"
	EntryMissingParent Code = "ENTRY_MISSING_PARENT"
	EntryForbidden     Code = "ENTRY_FORBIDDEN"
)

// Error returns the code.
func (code Code) Error() string { return string(code) }

// An Error is what every function of this package fails with. Ask for it with errors.As.
type Error struct {
	Code    Code
	Message string
	// Data has the facts that belong to the code, such as "reason" or "version".
	Data map[string]string
	// RetryAfter says when to try again; 0: the code alone decides.
	RetryAfter time.Duration
	cause      error
}

// Error returns the code and the message.
func (e *Error) Error() string { return string(e.Code) + ": " + e.Message }

// Is reports whether the target is the error's code.
func (e *Error) Is(target error) bool { return target == error(e.Code) }

// Unwrap returns what lies beneath: an error of the connection, of Connect, or of the context.
func (e *Error) Unwrap() error { return e.cause }

func newError(code Code, format string, arguments ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, arguments...)}
}

func invalid(format string, arguments ...any) *Error {
	return newError(InvalidArgument, format, arguments...)
}

// fallbacks translate codes of Connect that came without a detail.
var fallbacks = map[connect.Code]Code{
	connect.CodeCanceled:          Cancelled,
	connect.CodeInvalidArgument:   InvalidArgument,
	connect.CodeDeadlineExceeded:  Timeout,
	connect.CodeNotFound:          Unimplemented,
	connect.CodePermissionDenied:  Forbidden,
	connect.CodeResourceExhausted: LimitExceeded,
	connect.CodeUnimplemented:     Unimplemented,
	connect.CodeUnavailable:       Disconnected,
	connect.CodeAborted:           Disconnected,
	connect.CodeUnauthenticated:   Unauthenticated,
}

// AsError translates what a generated stub failed with. It returns an [*Error], or nil for nil.
func AsError(err error) error {
	var known *Error
	if err == nil || errors.As(err, &known) {
		if known != nil {
			return known
		}
		return err
	}
	var wire *connect.Error
	if !errors.As(err, &wire) {
		wire = connect.NewError(connect.CodeUnknown, err)
	}
	for _, detail := range wire.Details() {
		message, _ := detail.Value()
		if says, ok := message.(*causewayv1.ErrorDetail); ok && says.Code != "" {
			after := time.Duration(says.RetryAfterMs) * time.Millisecond
			return &Error{Code: Code(says.Code), Message: wire.Message(), Data: says.Data, RetryAfter: after, cause: err}
		}
	}
	return &Error{Code: codeOf(err, wire), Message: wire.Message(), cause: err}
}

// codeOf returns the code of an error that has no detail: it came from here, from a proxy, or with a lost connection.
func codeOf(err error, wire *connect.Error) Code {
	code, known := fallbacks[wire.Code()]
	switch {
	case errors.Is(err, context.Canceled):
		return Cancelled
	case errors.Is(err, context.DeadlineExceeded):
		return Timeout
	case errors.Is(err, proto.Error):
		return Protocol
	case isDialError(err):
		return Unreachable
	case connect.IsWireError(err) && !known:
		return Protocol
	case connect.IsWireError(err), wire.Code() == connect.CodeResourceExhausted:
		return code
	}
	// What is no answer of the other side, and no bytes that cannot be read, is a connection that broke.
	return Disconnected
}

// isDialError reports whether an error came before there was a connection.
func isDialError(err error) bool {
	var operation *net.OpError
	return errors.As(err, &operation) && operation.Op == "dial"
}
