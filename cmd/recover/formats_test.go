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
)

// TestFormatsFields asks that docs/formats.md names every JSON field of the
// program.
func TestFormatsFields(t *testing.T) {
	page := formatsPage(t)
	fields := 0
	eachSource(t, func(name string, file *ast.File) {
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
	})
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

// eachSource parses every Go file of the repository but the tests.
func eachSource(t *testing.T, visit func(name string, file *ast.File)) {
	t.Helper()
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil || strings.HasPrefix(filepath.ToSlash(rel), "fixtures/vectors/") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		visit(filepath.ToSlash(rel), file)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
