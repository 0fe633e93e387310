//! A strict reader of the one Protobuf encoding that Causeway accepts for signed data: fields in ascending order, only
//! repeated ones more than once, no defaults, the shortest varints, no unknown fields. What it reads, prost encodes back
//! to the same bytes.

use crate::{
    dag::id::Id,
    error::{Code, Error, Result},
};

const MAX_NUMBER: u64 = (1 << 53) - 1;

/// Reads the fields of one message in ascending order.
pub(crate) struct Fields<'a> {
    rest: &'a [u8],
    field: u64,
    wire: u64,
}

fn malformed(message: impl Into<String>) -> Error {
    Error::new(Code::EntryMalformed, message)
}

fn not_canonical(message: impl Into<String>) -> Error {
    Error::new(Code::EntryNotCanonical, message)
}

impl<'a> Fields<'a> {
    pub fn new(bytes: &'a [u8]) -> Fields<'a> {
        Fields { rest: bytes, field: 0, wire: 0 }
    }

    /// Moves to the next field and returns its number, or 0 at the end.
    pub fn next(&mut self, repeated: &[u64]) -> Result<u64> {
        if self.rest.is_empty() {
            return Ok(0);
        }
        let tag = self.varint()?;
        let (field, wire) = (tag >> 3, tag & 7);
        if field == 0 {
            return Err(malformed("A field number is at least 1, got 0."));
        }
        if field < self.field || (field == self.field && !repeated.contains(&field)) {
            let message = format!("Fields are in ascending order, once each, got {field} after {}.", self.field);
            return Err(not_canonical(message));
        }
        (self.field, self.wire) = (field, wire);
        Ok(field)
    }

    /// Returns the error of a field that the message does not have.
    pub fn unknown<T>(&self) -> Result<T> {
        Err(malformed(format!("A message has no fields beyond those of its version, got field {}.", self.field)))
    }

    fn varint(&mut self) -> Result<u64> {
        let mut value = 0;
        // At most eight bytes, since a number is below 2^53.
        for length in 0..8 {
            let (&byte, rest) = self.rest.split_first().ok_or_else(|| malformed("The bytes end inside a number."))?;
            self.rest = rest;
            value |= u64::from(byte & 127) << (7 * length);
            if byte < 128 {
                if byte == 0 && length > 0 {
                    return Err(not_canonical("A number is encoded in the fewest bytes, got more."));
                }
                if value <= MAX_NUMBER {
                    return Ok(value);
                }
                break;
            }
        }
        Err(malformed("A number is at most 2^53 - 1, got a greater one."))
    }

    pub fn number(&mut self) -> Result<u64> {
        if self.wire != 0 {
            return Err(malformed(format!("Field {} is a number, got wire type {}.", self.field, self.wire)));
        }
        match self.varint()? {
            0 => Err(not_canonical(format!("Default values are left out, got field {} as 0.", self.field))),
            value => Ok(value),
        }
    }

    /// Reads bytes that may be empty: those of a repeated field, or those whose length has a better code.
    pub fn item(&mut self) -> Result<&'a [u8]> {
        if self.wire != 2 {
            let message = format!("Field {} is length-delimited, got wire type {}.", self.field, self.wire);
            return Err(malformed(message));
        }
        let length = self.varint()? as usize;
        let parts = self.rest.split_at_checked(length);
        let (bytes, rest) = parts
            .ok_or_else(|| malformed(format!("Field {} fits into its message, got {length} bytes.", self.field)))?;
        self.rest = rest;
        Ok(bytes)
    }

    pub fn bytes(&mut self) -> Result<&'a [u8]> {
        match self.item()? {
            [] => Err(not_canonical(format!("Default values are left out, got field {} empty.", self.field))),
            bytes => Ok(bytes),
        }
    }

    /// Reads 32 bytes. Fails with `code` for another length.
    pub fn hash(&mut self, code: Code) -> Result<[u8; 32]> {
        let bytes = self.item()?;
        let error = |_| Error::new(code, format!("Field {} has 32 bytes, got {}.", self.field, bytes.len()));
        bytes.try_into().map_err(error)
    }

    /// Adds an id of 32 bytes to a list of at most `most` that ascends strictly. Fails with `code`.
    pub fn ascending(&mut self, ids: &mut Vec<Id>, most: usize, code: Code) -> Result<()> {
        let id = Id(self.hash(code)?);
        if ids.len() == most || ids.last().is_some_and(|last| *last >= id) {
            let message = format!("Field {} has at most {most} ids, in strictly ascending order.", self.field);
            return Err(Error::new(code, message));
        }
        ids.push(id);
        Ok(())
    }

    /// Reads text of at most `most` bytes. Fails with `code` for a longer one.
    pub fn text(&mut self, most: usize, code: Code) -> Result<&'a str> {
        let bytes = self.bytes()?;
        if bytes.len() > most {
            let message = format!("Field {} has at most {most} bytes, got {}.", self.field, bytes.len());
            return Err(Error::new(code, message));
        }
        std::str::from_utf8(bytes).map_err(|_| malformed(format!("Field {} is UTF-8, got other bytes.", self.field)))
    }
}
