package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"recover/fixtures/tier"
)

// TestFormatsFields asks that docs/formats.md names every JSON field of the
// program.
func TestFormatsFields(t *testing.T) {
	tier.Long(t)
	page := formatsPage(t)
	fields := 0
	for name, file := range allSources(t) {
		if strings.HasSuffix(name, "_test.go") || strings.HasPrefix(name, "../../fixtures/vectors/") || strings.HasPrefix(name, "../../fixtures/wallets-go/") {
			continue
		}
		ast.Inspect(file, func(n ast.Node) bool {
			field, ok := n.(*ast.Field)
			if !ok || field.Tag == nil {
				return true
			}
			text, err := strconv.Unquote(field.Tag.Value)
			if err != nil {
				t.Fatal(err)
			}
			json, _, _ := strings.Cut(reflect.StructTag(text).Get("json"), ",")
			if json == "" || json == "-" {
				return true
			}
			fields++
			if !strings.Contains(page, "`"+json+"`") {
				t.Errorf("%s: docs/formats.md does not name the field %s", name, json)
			}
			return true
		})
	}
	if fields < 100 {
		t.Errorf("only %d fields were found", fields)
	}
}

func formatsPage(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "formats.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

// allSources parses every Go file of the repository.
func allSources(t *testing.T) map[string]*ast.File {
	t.Helper()
	root := filepath.Join("..", "..")
	files := make(map[string]*ast.File)
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		files[filepath.ToSlash(name)] = file
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
