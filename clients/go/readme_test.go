package causeway

// The program of the README runs.

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

// The program of the README runs as it is.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	program := regexp.MustCompile("(?s)```go\n(.*?)```").FindSubmatch(readme)[1]
	server, folder := newServer(t), t.TempDir()
	var created struct{ Tree string }
	server.run(&created, "tree", "create", "notes", "--public", "write")
	server.start()
	here, _ := os.Getwd()
	os.WriteFile(filepath.Join(folder, "main.go"), program, 0o600)
	sums, _ := os.ReadFile("go.sum")
	os.WriteFile(filepath.Join(folder, "go.sum"), sums, 0o600)
	module := "github.com/causeway-sync/causeway/clients/go"
	for _, arguments := range [][]string{
		{"mod", "init", "notes"}, {"mod", "edit", "-replace", module + "=" + here}, {"mod", "tidy"},
		{"run", ".", server.address, created.Tree},
	} {
		run := exec.Command("go", arguments...)
		run.Dir = folder
		run.Env = append(os.Environ(), "CGO_ENABLED=0")
		output, err := run.CombinedOutput()
		if err != nil {
			t.Fatalf("go %v: %v\n%s", arguments, err, output)
		}
		if arguments[0] == "run" && string(output) != "read: Hello\nwatched: title = Hello\n" {
			text, _ := json.Marshal(string(output))
			t.Errorf("the program prints %s", text)
		}
	}
}
