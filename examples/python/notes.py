"""Adds a note with a key of its own, and sees it in a watch and at two nodes. README.md says how to run it."""
import base64
import os
import secrets
import sys
import time

import grpc
import jwt
from causeway.v1 import entry_pb2 as dag, state_pb2 as state, store_pb2 as store, tree_pb2 as trees
from causeway.v1.store_pb2_grpc import StoreServiceStub
from causeway.v1.tree_pb2_grpc import TreeServiceStub
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(os.environ["KEY"]))
me = key.public_key().public_bytes_raw()

class Node:
    """A node on this machine, named PEER@HOST:PORT."""
    def __init__(self, name):
        self.peer, address = name.split("@")
        channel = grpc.insecure_channel(address, [("grpc.enable_http_proxy", 0)])
        self.trees, self.stores = TreeServiceStub(channel), StoreServiceStub(channel)

    def call(self, method, request):
        """Makes one call, with a token that proves our key to this node."""
        claims = {"iss": me.hex(), "aud": self.peer, "exp": int(time.time()) + 60, "jti": secrets.token_hex()}
        token = jwt.encode({**claims, "binding": ""}, key, "EdDSA")
        return method(request, metadata=[("authorization", f"Bearer {token}")], timeout=60)

tree, text = base64.b32decode(sys.argv[1][1:].upper() + "======")[4:], sys.argv[2]
nodes = [Node(name) for name in sys.argv[3:]]
node = nodes[0]
note, put = store.Key(store="notes", key=secrets.token_hex()), store.Put(value=text.encode(), type="text/plain")
watch = node.call(node.stores.WatchStore, store.WatchStoreRequest(tree=tree, store="notes", prefix=note.key))
next(watch)  # The first message has no keys, since this one is new.

# Ask for an entry that puts the note and replaces nothing. Build it too, of what we asked for and what only the node
# knows: it must have the same bytes.
change = store.KeyChange(key=note, put=put, replaces=store.Versions())
body = node.call(node.stores.PrepareWrite, store.PrepareWriteRequest(tree=tree, changes=[change])).body
says = state.MapPut(key=note.key, value=put.value, type=put.type).SerializeToString(deterministic=True)
given = dag.EntryBody.FromString(body)
asked = dag.EntryBody(
    version=1, tree=tree, author=me, changes=[dag.Change(store="notes", kind="cw.put", payload=says)],
    parents=given.parents, height=given.height, created_at_ms=given.created_at_ms, policy=given.policy)
if asked.SerializeToString(deterministic=True) != body or abs(given.created_at_ms / 1000 - time.time()) > 86_400:
    sys.exit("The node prepared another entry: do not sign it.")
signed = dag.SignedEntry(body=body, signature=key.sign(b"causeway.entry.v1\0" + body))
at = node.call(node.trees.SubmitEntries, trees.SubmitEntriesRequest(tree=tree, entries=[signed])).at

# The watch tells the new note. Each node shows it once it has counted the entry.
print("watched:", next(item for message in watch for item in message.items).value.value.decode())
for name, node in zip(sys.argv[3:], nodes):
    request = store.GetRequest(tree=tree, keys=[note], read=store.ReadOptions(at=at, wait_ms=30_000))
    print(f"read at {name}:", node.call(node.stores.Get, request).items[0].value.value.decode())
