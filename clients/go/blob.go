package causeway

// Puts and reads values past 64 KiB, chunk by chunk, each verified.

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"iter"

	causewayv1 "github.com/causeway-sync/causeway/clients/go/causeway/v1"
)

// PutBlob puts what a reader has under a key, of a media type: a value of up to 2 GiB, of which the entry has only the
// hash. It sends one chunk at a time. A reader that is empty is a value without bytes.
func (store *Store) PutBlob(ctx context.Context, key string, content io.Reader, mediaType string, with ...WriteOption) (ID, error) {
	var list []byte
	size := uint64(0)
	for chunk := make([]byte, chunkBytes); ; {
		count, err := io.ReadFull(content, chunk)
		if count > 0 {
			size += uint64(count)
			if size > maxBlobBytes {
				return ID{}, newError(LimitExceeded, "A blob has at most %d bytes.", maxBlobBytes)
			}
			hash, err := store.putChunk(ctx, chunk[:count])
			if err != nil {
				return ID{}, err
			}
			list = append(list, hash...)
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			break
		}
		if err != nil {
			return ID{}, err // The reader's own.
		}
	}
	put := &causewayv1.Put{Type: mediaType}
	if size > 0 {
		id, err := store.putChunk(ctx, list)
		if err != nil {
			return ID{}, err
		}
		put.Blob = &causewayv1.Blob{Id: id, Size: size}
	}
	return store.write(ctx, &causewayv1.KeyChange{Key: store.key(key), What: &causewayv1.KeyChange_Put{Put: put}}, with)
}

// putChunk stores a chunk and returns its hash. If the connection is lost it sends the chunk again, which changes nothing.
func (store *Store) putChunk(ctx context.Context, chunk []byte) ([]byte, error) {
	request := &causewayv1.PutChunkRequest{Tree: store.tree.id[:], Data: chunk}
	_, err := call(ctx, store.tree.node, store.tree.node.stores.PutChunk, request)
	if isLost(err) && ctx.Err() == nil {
		_, err = call(ctx, store.tree.node, store.tree.node.stores.PutChunk, request)
	}
	hash := sha256.Sum256(chunk)
	return hash[:], err
}

// Blob returns the bytes of a blob that a version of the tree has, one chunk at a time, each verified by the blob's id. It
// goes on where it was when the connection is lost.
func (tree *Tree) Blob(ctx context.Context, blob *causewayv1.Blob) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		reading, wait := &blobReader{blob: blob}, &backoff{}
		for {
			more, err := followOnce(ctx, func(ctx context.Context) (stream[causewayv1.GetBlobResponse], error) {
				reading.pending = nil
				return tree.node.stores.GetBlob(ctx, &causewayv1.GetBlobRequest{Tree: tree.id[:], Blob: blob, Offset: reading.done, Verifiable: true})
			}, func(message *causewayv1.GetBlobResponse) bool {
				chunks, err := reading.take(message)
				for _, chunk := range chunks {
					wait.reset()
					if !yield(chunk, nil) {
						return false
					}
				}
				if err != nil {
					yield(nil, err)
				}
				return err == nil
			})
			if !more || reading.done == blob.Size {
				return
			}
			if err == nil {
				err = newError(Disconnected, "The blob ended after %d of %d bytes.", reading.done, blob.Size)
			}
			if err := wait.pause(ctx, err, tree.node.refused(err)); err != nil {
				yield(nil, err)
				return
			}
		}
	}
}

// blobReader cuts an answer into chunks and verifies them.
type blobReader struct {
	blob *causewayv1.Blob
	// list has the hash of each chunk.
	list []byte
	// done counts the bytes of the chunks that are whole, pending has those after them.
	done    uint64
	pending []byte
}

func (reading *blobReader) take(message *causewayv1.GetBlobResponse) (chunks [][]byte, err error) {
	if len(message.List) > 0 {
		id := sha256.Sum256(message.List)
		count := (reading.blob.Size + chunkBytes - 1) / chunkBytes
		if !bytes.Equal(id[:], reading.blob.Id) || uint64(len(message.List)) != count*sha256.Size {
			return nil, newError(Protocol, "The node sent another list than that of the blob.")
		}
		reading.list = message.List
	}
	reading.pending = append(reading.pending, message.Data...)
	for len(reading.pending) > 0 {
		size := min(chunkBytes, reading.blob.Size-reading.done)
		if uint64(len(reading.pending)) < size {
			break
		}
		at := reading.done / chunkBytes * sha256.Size
		if size == 0 || uint64(len(reading.list)) < at+sha256.Size {
			return chunks, newError(Protocol, "The node sent bytes beyond the blob, or before its list.")
		}
		hash := sha256.Sum256(reading.pending[:size])
		if !bytes.Equal(hash[:], reading.list[at:at+sha256.Size]) {
			return chunks, newError(Protocol, "The node sent other bytes than those of the blob.")
		}
		chunks = append(chunks, reading.pending[:size:size])
		reading.pending = reading.pending[size:]
		reading.done += size
	}
	return chunks, nil
}
