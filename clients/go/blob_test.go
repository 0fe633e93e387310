package causeway

// Blobs at a real node, and at one that sends other bytes.

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"testing"
	"testing/iotest"

	causewayv1 "github.com/causeway-sync/causeway/clients/go/causeway/v1"
)

func TestBlobs(t *testing.T) {
	lab, ctx := newLab(t), testContext(t)
	_, tree := lab.dial()
	files := tree.Store("files")
	content := make([]byte, 2*chunkBytes+1000)
	rand.Read(content)
	at, err := files.PutBlob(ctx, "photo", iotest.HalfReader(bytes.NewReader(content)), "image/png", Expect())
	if err != nil {
		t.Fatal(err)
	}
	item, err := files.Get(ctx, "photo", At(at))
	if err != nil || item.Value.Type != "image/png" || item.Value.Blob.GetSize() != uint64(len(content)) {
		t.Fatalf("the item is %v: %v", item, err)
	}
	var read []byte
	for chunk, err := range tree.Blob(ctx, item.Value.Blob) {
		if err != nil {
			t.Fatal(err)
		}
		read = append(read, chunk...)
	}
	if !bytes.Equal(read, content) {
		t.Errorf("%d other bytes are read", len(read))
	}
	for range tree.Blob(ctx, item.Value.Blob) {
		break // A reader may leave.
	}
	if _, err := files.PutBlob(ctx, "broken", iotest.ErrReader(errors.ErrUnsupported), ""); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("a reader fails with %v", err)
	}
	if _, err := files.PutBlob(ctx, "empty", bytes.NewReader(nil), "text/plain"); err != nil {
		t.Error(err)
	}
	if _, err := first(tree.Blob(ctx, &causewayv1.Blob{Id: make([]byte, 32), Size: 1})); !errors.Is(err, Code("UNKNOWN_BLOB")) {
		t.Errorf("a blob that is not there: %v", err)
	}
}

func TestBlobLies(t *testing.T) {
	content := bytes.Repeat([]byte("x"), chunkBytes+10)
	one, two := sha256.Sum256(content[:chunkBytes]), sha256.Sum256(content[chunkBytes:])
	list := append(one[:], two[:]...)
	id := sha256.Sum256(list)
	reader := func() *blobReader {
		return &blobReader{blob: &causewayv1.Blob{Id: id[:], Size: uint64(len(content))}}
	}
	reading, got := reader(), [][]byte{}
	for _, message := range []*causewayv1.GetBlobResponse{{List: list}, {Data: content[:100]}, {Data: content[100:]}} {
		chunks, err := reading.take(message)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, chunks...)
	}
	if len(got) != 2 || !bytes.Equal(bytes.Join(got, nil), content) {
		t.Errorf("read %d chunks", len(got))
	}
	if _, err := reading.take(&causewayv1.GetBlobResponse{Data: []byte("more")}); !errors.Is(err, Protocol) {
		t.Errorf("bytes beyond the blob: %v", err)
	}
	for name, messages := range map[string][]*causewayv1.GetBlobResponse{
		"another list":      {{List: append(two[:], one[:]...)}},
		"a list too short":  {{List: one[:]}},
		"no list":           {{Data: content}},
		"another last byte": {{List: list}, {Data: append(content[:len(content)-1:len(content)-1], 'y')}},
	} {
		reading, err := reader(), error(nil)
		for _, message := range messages {
			_, err = reading.take(message)
		}
		if !errors.Is(err, Protocol) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
