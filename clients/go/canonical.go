package causeway

// Reads messages strictly: what is signed has one encoding.

import (
	"unicode/utf8"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Protobuf keeps fields that it does not know, takes the last of several, and reads numbers in any length. What is
// signed has one encoding alone: fields in ascending order, only repeated ones more than once, none with its default
// value, varints in the fewest bytes, no number above 2^53 - 1, and nothing unknown at any level.

// encode returns the canonical encoding of a message.
func encode(message proto.Message) []byte {
	bytes, err := proto.MarshalOptions{Deterministic: true}.Marshal(message)
	if err != nil {
		return nil // A text that is not UTF-8. Nothing reads an empty body, or an empty payload, as valid.
	}
	return bytes
}

// decode reads a message from its canonical encoding. It fails with EntryMalformed or EntryNotCanonical.
func decode(bytes []byte, message proto.Message) error {
	if err := checkCanonical(bytes, message.ProtoReflect().Descriptor()); err != nil {
		return err
	}
	if err := proto.Unmarshal(bytes, message); err != nil {
		return newError(EntryMalformed, "The message cannot be read: %v.", err)
	}
	return nil
}

// checkCanonical walks over the fields of a message and of those that it contains.
func checkCanonical(bytes []byte, message protoreflect.MessageDescriptor) error {
	last := uint64(0)
	for len(bytes) > 0 {
		tag, rest, err := readVarint(bytes)
		if err != nil {
			return err
		}
		number := tag >> 3
		field := message.Fields().ByNumber(protoreflect.FieldNumber(min(number, 1<<29)))
		if field == nil {
			return newError(EntryMalformed, "A %s has no field %d.", message.Name(), number)
		}
		if number < last || (number == last && !field.IsList()) {
			return newError(EntryNotCanonical, "Fields are in ascending order, once each: field %d follows %d.", number, last)
		}
		last = number
		if bytes, err = checkField(rest, tag&7, field); err != nil {
			return err
		}
	}
	return nil
}

// checkField checks the value of a field, and returns what follows it.
func checkField(bytes []byte, wireType uint64, field protoreflect.FieldDescriptor) ([]byte, error) {
	value, rest, err := readVarint(bytes) // A number, or a length.
	if err != nil {
		return nil, err
	}
	isNumber, isText := true, field.Kind() == protoreflect.StringKind
	if isText || field.Kind() == protoreflect.BytesKind || field.Kind() == protoreflect.MessageKind {
		isNumber = false
	}
	switch {
	case isNumber != (wireType == 0) || (!isNumber && wireType != 2):
		return nil, newError(EntryMalformed, "The field %s has wire type %d.", field.Name(), wireType)
	case value == 0 && !field.IsList() && field.Kind() != protoreflect.MessageKind:
		return nil, newError(EntryNotCanonical, "Default values are left out: the field %s has one.", field.Name())
	case field.Kind() == protoreflect.BoolKind && value > 1:
		return nil, newError(EntryNotCanonical, "The field %s is true or left out, got %d.", field.Name(), value)
	case isNumber:
		return rest, nil
	case value > uint64(len(rest)):
		return nil, newError(EntryMalformed, "The bytes end inside the field %s.", field.Name())
	}
	content := rest[:value]
	if isText && !utf8.Valid(content) {
		return nil, newError(EntryMalformed, "The field %s is not in UTF-8.", field.Name())
	}
	if field.Kind() == protoreflect.MessageKind {
		err = checkCanonical(content, field.Message())
	}
	return rest[value:], err
}

// readVarint reads a number in the fewest bytes. It has at most eight of them, since it is below 2^53.
func readVarint(bytes []byte) (value uint64, rest []byte, err error) {
	for length := 0; length < 8; length++ {
		if length >= len(bytes) {
			return 0, nil, newError(EntryMalformed, "The bytes end inside a number.")
		}
		value |= uint64(bytes[length]&127) << (7 * length)
		if bytes[length] >= 128 {
			continue
		}
		if bytes[length] == 0 && length > 0 {
			return 0, nil, newError(EntryNotCanonical, "A number is encoded in the fewest bytes.")
		}
		if value > maxNumber {
			break
		}
		return value, bytes[length+1:], nil
	}
	return 0, nil, newError(EntryMalformed, "A number is at most 2^53 - 1.")
}
