//! Values that are too large for an entry: their bytes are chunks at the node, and the entry has only the hash of the
//! list of their hashes. What is read is verified by that hash, chunk by chunk.

use async_stream::try_stream;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::{
    error::{Code, Error, Result},
    node::unary,
    proto::{Blob, GetBlobRequest, GetBlobResponse, PutChunkRequest},
    tree::Tree,
    watch::{Pace, Stream, next},
    write::Value,
};

const CHUNK_BYTES: usize = 262_144;
const BLOB_BYTES: u64 = 1 << 31;
/// How often a chunk is sent if the connection is lost on the way.
const SENDS: u32 = 3;

impl Tree {
    /// Sends what a reader has to the node, at most 2 GiB, one chunk at a time. Returns the value to put under a key; the
    /// node keeps chunks that no entry names for a day.
    pub async fn upload(&self, mut content: impl AsyncRead + Unpin, media_type: &str) -> Result<Value> {
        let (mut list, mut size) = (Vec::new(), 0);
        loop {
            let mut chunk = Vec::with_capacity(CHUNK_BYTES);
            let read = (&mut content).take(CHUNK_BYTES as u64).read_to_end(&mut chunk).await;
            let length = read.map_err(|error| {
                Error::new(Code::InvalidArgument, format!("The content of the blob cannot be read: {error}."))
            })?;
            size += length as u64;
            if size > BLOB_BYTES {
                return Err(Error::new(Code::LimitExceeded, format!("A blob has at most {BLOB_BYTES} bytes.")));
            }
            if length > 0 {
                list.extend(self.put_chunk(chunk).await?);
            }
            if length < CHUNK_BYTES {
                break;
            }
        }
        let mut value = Value::new([], media_type);
        if size > 0 {
            value.blob = Some(Blob { id: self.put_chunk(list).await?, size, ..Default::default() });
        }
        Ok(value)
    }

    /// Stores a chunk and returns its hash. To send it again changes nothing.
    async fn put_chunk(&self, data: Vec<u8>) -> Result<Vec<u8>> {
        let hash = Sha256::digest(&data).to_vec();
        let request = PutChunkRequest { tree: self.id.into(), data, ..Default::default() };
        let (mut sends, mut pace) = (1, Pace::new());
        while let Err(error) = unary(self.store_calls().put_chunk(request.clone())).await {
            if sends == SENDS {
                return Err(error);
            }
            pace.pause(error).await?;
            sends += 1;
        }
        Ok(hash)
    }

    /// Returns the bytes of a blob that a version of the tree has, chunk by chunk, each verified. Goes on where it was if
    /// the connection is lost.
    pub fn blob(&self, blob: &Blob) -> Stream<Vec<u8>> {
        let (tree, calls) = (self.id, self.store_calls());
        let mut reading = Reading { blob: blob.clone(), list: Vec::new(), done: 0, pending: Vec::new() };
        Box::pin(try_stream! {
            let mut pace = Pace::new();
            while reading.done < reading.blob.size {
                let request = GetBlobRequest {
                    tree: tree.into(),
                    blob: Some(reading.blob.clone()),
                    offset: reading.done,
                    verifiable: true,
                    ..Default::default()
                };
                let answer = unary(calls.clone().get_blob(request)).await;
                let ended = match answer {
                    Ok(mut parts) => loop {
                        match next(&mut parts).await {
                            Ok(part) => {
                                for chunk in reading.take(part)? {
                                    pace = Pace::new();
                                    yield chunk;
                                }
                                if reading.done == reading.blob.size {
                                    break None;
                                }
                            }
                            Err(error) => break Some(error),
                        }
                    },
                    Err(error) => Some(error),
                };
                if let Some(error) = ended {
                    reading.pending.clear();
                    pace.pause(error).await?;
                }
            }
        })
    }
}

/// Cuts an answer into chunks and verifies them.
struct Reading {
    blob: Blob,
    /// The hash of each chunk.
    list: Vec<u8>,
    /// How many bytes the chunks had that are whole.
    done: u64,
    /// The bytes after them.
    pending: Vec<u8>,
}

impl Reading {
    fn take(&mut self, part: GetBlobResponse) -> Result<Vec<Vec<u8>>> {
        let lied = |what: &str| Err(Error::new(Code::Protocol, format!("The node sent {what}.")));
        if !part.list.is_empty() {
            let length = self.blob.size.div_ceil(CHUNK_BYTES as u64) * 32;
            if Sha256::digest(&part.list).as_slice() != self.blob.id || part.list.len() as u64 != length {
                return lied("another list than that of the blob");
            }
            self.list = part.list;
        }
        self.pending.extend(part.data);
        let mut chunks = Vec::new();
        while !self.pending.is_empty() {
            let size = (self.blob.size - self.done).min(CHUNK_BYTES as u64) as usize;
            let at = self.done as usize / CHUNK_BYTES * 32;
            let Some(hash) = self.list.get(at..at + 32).filter(|_| size > 0) else {
                return lied("bytes beyond the blob, or before its list");
            };
            if self.pending.len() < size {
                break;
            }
            let rest = self.pending.split_off(size);
            let chunk = std::mem::replace(&mut self.pending, rest);
            if Sha256::digest(&chunk).as_slice() != hash {
                return lied("other bytes than those of the blob");
            }
            self.done += size as u64;
            chunks.push(chunk);
        }
        Ok(chunks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_bytes_of_the_blob_are_taken() {
        let content = [vec![1; CHUNK_BYTES], vec![2; 10]].concat();
        let list: Vec<u8> = content.chunks(CHUNK_BYTES).flat_map(Sha256::digest).collect();
        let blob = Blob { id: Sha256::digest(&list).to_vec(), size: content.len() as u64, ..Default::default() };
        let new = || Reading { blob: blob.clone(), list: Vec::new(), done: 0, pending: Vec::new() };
        let part =
            |list: &[u8], data: &[u8]| GetBlobResponse { list: list.into(), data: data.into(), ..Default::default() };

        let mut reading = new();
        assert!(reading.take(part(&list, &content[..7])).unwrap().is_empty());
        let chunks = reading.take(part(&[], &content[7..])).unwrap();
        assert_eq!((chunks.concat() == content, chunks.len(), reading.done), (true, 2, blob.size));
        assert_eq!(reading.take(part(&[], b"x")).unwrap_err().code(), Code::Protocol, "bytes beyond the blob");

        assert_eq!(new().take(part(&[], &content)).unwrap_err().code(), Code::Protocol, "bytes before the list");
        assert_eq!(new().take(part(&list[..32], &[])).unwrap_err().code(), Code::Protocol, "another list");
        let mut changed = content.clone();
        changed[5] ^= 1;
        assert_eq!(new().take(part(&list, &changed)).unwrap_err().code(), Code::Protocol, "other bytes");
    }
}
