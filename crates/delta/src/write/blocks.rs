//! Bytes that a writer puts out, in blocks: no block is ever copied to make room for more.

use bytes::{BufMut as _, Bytes, BytesMut};
use std::io::{Result, Write};

/// Bytes of a block at most.
const BLOCK_BYTES: usize = 1 << 20;

/// A sink for writers of files, which others empty.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    full: Vec<Bytes>,
    last: BytesMut,
}

impl Blocks {
    /// Takes what has been written since the last time, in order.
    pub(super) fn take(&mut self) -> Vec<Bytes> {
        if !self.last.is_empty() {
            self.full.push(self.last.split().freeze());
        }
        std::mem::take(&mut self.full)
    }
}

impl Write for Blocks {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        if self.last.len() == self.last.capacity() {
            if !self.last.is_empty() {
                self.full.push(std::mem::take(&mut self.last).freeze());
            }
            self.last = BytesMut::with_capacity(bytes.len().clamp(64 << 10, BLOCK_BYTES));
        }
        let fits = bytes.len().min(self.last.capacity() - self.last.len());
        let (now, _) = bytes.split_at(fits);
        self.last.put_slice(now);
        Ok(fits)
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}
