//! Owns the primitives of the encoding: whole numbers as LEB128, texts with their length in front.
//! It must not know what is encoded.

use thiserror::Error;

/// Why bytes could not be read.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Error {
    /// They were written by a release that this one does not know.
    #[error(
        "the {what} has format {found}, but this release reads formats up to {newest}: start the newer release that wrote it"
    )]
    NewerFormat {
        /// What was to be read.
        what: &'static str,
        /// Its format.
        found: u8,
        /// The newest format this release knows.
        newest: u8,
    },
    /// They are not what they should be.
    #[error("the stored {what} is damaged at byte {position}: {reason}")]
    Damaged {
        /// What was to be read.
        what: &'static str,
        /// Where.
        position: usize,
        /// What is wrong.
        reason: &'static str,
    },
}

/// Most of what is written has room in so many bytes.
const ROOM: usize = 240;

/// Appends values to bytes.
pub(super) struct Writer(Vec<u8>);

impl Writer {
    pub(super) fn new() -> Self {
        Self(Vec::with_capacity(ROOM))
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.0
    }

    pub(super) fn byte(&mut self, value: u8) {
        self.0.push(value);
    }

    pub(super) fn raw(&mut self, value: &[u8]) {
        self.0.extend_from_slice(value);
    }

    pub(super) fn number(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    pub(super) fn text(&mut self, value: &str) {
        self.number(value.len() as u64);
        self.raw(value.as_bytes());
    }

    pub(super) fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        match value {
            None => self.byte(0),
            Some(value) => {
                self.byte(1);
                write(self, value);
            }
        }
    }
}

/// Takes values from bytes, which may hold anything.
pub(super) struct Reader<'a> {
    what: &'static str,
    bytes: &'a [u8],
    position: usize,
}

impl<'a> Reader<'a> {
    /// Begins to read `what`, whose first byte is its format.
    pub(super) fn new(what: &'static str, newest: u8, bytes: &'a [u8]) -> Result<Self, Error> {
        let mut reader = Self { what, bytes, position: 0 };
        match reader.byte()? {
            0 => Err(reader.damaged("there is no format 0")),
            found if found > newest => Err(Error::NewerFormat { what, found, newest }),
            _ => Ok(reader),
        }
    }

    pub(super) fn damaged(&self, reason: &'static str) -> Error {
        Error::Damaged { what: self.what, position: self.position, reason }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.position == self.bytes.len()
    }

    pub(super) fn end(self) -> Result<(), Error> {
        if self.is_at_end() { Ok(()) } else { Err(self.damaged("more bytes than expected")) }
    }

    pub(super) fn raw(&mut self, length: usize) -> Result<&'a [u8], Error> {
        let rest = &self.bytes[self.position..];
        let taken = rest.get(..length).ok_or_else(|| self.damaged("it ends too early"))?;
        self.position += length;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let mut array = [0; N];
        array.copy_from_slice(self.raw(N)?);
        Ok(array)
    }

    pub(super) fn byte(&mut self) -> Result<u8, Error> {
        Ok(self.array::<1>()?[0])
    }

    pub(super) fn flag(&mut self) -> Result<bool, Error> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.damaged("a flag is neither 0 nor 1")),
        }
    }

    pub(super) fn number(&mut self) -> Result<u64, Error> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(self.damaged("a number is too long"))
    }

    pub(super) fn number_u32(&mut self) -> Result<u32, Error> {
        let number = self.number()?;
        u32::try_from(number).map_err(|_| self.damaged("a number is too large"))
    }

    pub(super) fn text(&mut self) -> Result<String, Error> {
        let length = self.number()?;
        let length = usize::try_from(length).map_err(|_| self.damaged("a text is too long"))?;
        let bytes = self.raw(length)?;
        let text = std::str::from_utf8(bytes).map_err(|_| self.damaged("a text is not UTF-8"))?;
        Ok(text.to_owned())
    }

    pub(super) fn option<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        if self.flag()? { read(self).map(Some) } else { Ok(None) }
    }
}
