// Command notes adds a note with a key of its own, and sees it in a watch and at two nodes. See README.md.
package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"github.com/golang-jwt/jwt/v5"
	"github.com/samber/lo" // lo.Must ends the program after an error, or if a condition is false.
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
	cw "notes/causeway/v1"
	"os"
	"time"
)

// dial connects to PEER@HOST:PORT on this machine. The context proves our key there, by a token for this connection.
func dial(name string, key ed25519.PrivateKey) (context.Context, cw.TreeServiceClient, cw.StoreServiceClient) {
	claims := jwt.MapClaims{"iss": fmt.Sprintf("%x", key.Public()), "aud": name[:64], "jti": rand.Text(), "binding": ""}
	claims["exp"] = time.Now().Unix() + 60
	token := lo.Must(jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims).SignedString(key))
	ctx := metadata.AppendToOutgoingContext(context.Background(), "authorization", "Bearer "+token)
	node := lo.Must(grpc.NewClient(name[65:], grpc.WithTransportCredentials(insecure.NewCredentials())))
	return ctx, cw.NewTreeServiceClient(node), cw.NewStoreServiceClient(node)
}

func main() {
	key, cid := ed25519.NewKeyFromSeed(lo.Must(hex.DecodeString(os.Getenv("KEY")))), os.Args[1]
	tree := lo.Must(base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(-1).DecodeString(cid[1:]))[4:]
	note, put := &cw.Key{Store: "notes", Key: rand.Text()}, &cw.Put{Value: []byte(os.Args[2]), Type: "text/plain"}
	ctx, trees, stores := dial(os.Args[3], key)
	watch := lo.Must(stores.WatchStore(ctx, &cw.WatchStoreRequest{Tree: tree, Store: "notes", Prefix: note.Key}))
	items := lo.Must(watch.Recv()).Items // None, since the key is new.

	// Ask for an entry that puts the note and replaces nothing. Write that into the answer: no byte of it must change.
	change := &cw.KeyChange{Key: note, What: &cw.KeyChange_Put{Put: put}, Replaces: &cw.Versions{}}
	body := lo.Must(stores.PrepareWrite(ctx, &cw.PrepareWriteRequest{Tree: tree, Changes: []*cw.KeyChange{change}})).Body
	entry, says := &cw.EntryBody{}, &cw.MapPut{Key: note.Key, Value: put.Value, Type: put.Type}
	lo.Must0(proto.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(body, entry))
	entry.Version, entry.Tree, entry.Author, entry.Nonce = 1, tree, key.Public().(ed25519.PublicKey), nil
	entry.Changes = []*cw.Change{{Store: "notes", Kind: "cw.put", Payload: lo.Must(proto.Marshal(says))}}
	lo.Must0(string(lo.Must(proto.Marshal(entry))) == string(body), "the node prepared another entry: do not sign it")
	lo.Must0(time.Since(time.UnixMilli(int64(entry.CreatedAtMs))).Abs() < 24*time.Hour, "the node's clock is not ours")
	signed := &cw.SignedEntry{Body: body, Signature: ed25519.Sign(key, append([]byte("causeway.entry.v1\x00"), body...))}
	at := lo.Must(trees.SubmitEntries(ctx, &cw.SubmitEntriesRequest{Tree: tree, Entries: []*cw.SignedEntry{signed}})).At

	for ; len(items) == 0; items = lo.Must(watch.Recv()).Items {
	}
	fmt.Printf("watched: %s\n", items[0].Value.Value)
	get := &cw.GetRequest{Tree: tree, Keys: []*cw.Key{note}, Read: &cw.ReadOptions{At: at, WaitMs: 30_000}}
	for _, name := range os.Args[3:] {
		ctx, _, stores := dial(name, key)
		fmt.Printf("read at %s: %s\n", name, lo.Must(stores.Get(ctx, get)).Items[0].Value.Value)
	}
}
