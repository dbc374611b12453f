//! Bytes that a writer puts out, in blocks: no block is ever copied to make room for more.

use object_store::{PutPayload, PutPayloadMut};
use std::io::{Result, Write};

/// Bytes of a block, where less is put out at once.
const BLOCK_BYTES: usize = 64 << 10;

/// A sink for writers of files, which others empty.
#[derive(Debug)]
pub(super) struct Blocks(PutPayloadMut);

impl Default for Blocks {
    fn default() -> Self {
        Self(PutPayloadMut::new().with_block_size(BLOCK_BYTES))
    }
}

impl Blocks {
    /// Takes what has been written since the last time, in order.
    pub(super) fn take(&mut self) -> PutPayload {
        std::mem::take(self).0.freeze()
    }
}

impl Write for Blocks {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}
