// What generates the stubs. It is a module of its own, so that nobody who imports the client gets it.
module github.com/causeway-sync/causeway/clients/go/tools

go 1.24.0

tool (
	connectrpc.com/connect/cmd/protoc-gen-connect-go
	google.golang.org/protobuf/cmd/protoc-gen-go
)

require (
	connectrpc.com/connect v1.19.2 // indirect
	google.golang.org/protobuf v1.36.12 // indirect
)
