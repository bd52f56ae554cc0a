package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"recover/fixtures/tier"
)

// schemas are those of docs/schema, by the name of the file without its suffix. A
// schema that names another place than this directory does not compile.
var schemas = sync.OnceValues(func() (map[string]*jsonschema.Schema, error) {
	const suffix = ".schema.json"
	dir, err := filepath.Abs(filepath.Join(sourceDir, "..", "..", "docs", "schema"))
	if err != nil {
		return nil, err
	}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	compiler.AssertFormat()
	all := make(map[string]*jsonschema.Schema)
	paths, err := filepath.Glob(filepath.Join(dir, "*"+suffix))
	for i, path := range append(paths, filepath.Join(dir, "lines"+suffix)+"#/$defs/run", filepath.Join(dir, "lines"+suffix)+"#/$defs/error") {
		schema, err := compiler.Compile(path)
		if err != nil {
			return nil, err
		}
		name := strings.TrimSuffix(filepath.Base(path), suffix)
		if i >= len(paths) {
			name = "/" + name // a kind of line, such as "/run"
		}
		all[name] = schema
	}
	return all, err
})

// sourceDir is where the tests began: scripts change the directory.
var sourceDir = func() string {
	dir, err := os.Getwd()
	if err != nil {
		panic(err)
	}
	return dir
}()

// unlikeSchema says in what the lines of --json are not as docs/schema has them;
// empty if in nothing. Every run of the tests with --json is held to it.
func unlikeSchema(args []string, stdout string) string {
	if !slices.Contains(args, "--json") || !strings.HasPrefix(stdout, `{"type":"run","verb":`) {
		return ""
	}
	all, err := schemas()
	if err != nil {
		return err.Error()
	}
	verb := ""
	for line := range strings.Lines(stdout) {
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
		if err != nil {
			return fmt.Sprintf("not a line of JSON: %v: %.300s", err, line)
		}
		of, _ := v.(map[string]any)
		if of["type"] == "run" {
			verb, _ = of["verb"].(string)
		}
		name := strings.ReplaceAll(verb, " ", "-")
		schema := all[name]
		if kind, _ := of["type"].(string); schema == nil && (kind == "run" || kind == "error") {
			schema = all["/"+kind] // of a subcommand that there is none of
		}
		if schema == nil {
			return "docs/schema has nothing of " + verb
		}
		if err := schema.Validate(v); err != nil {
			return fmt.Sprintf("not as docs/schema/%s.schema.json has it: %v\n%.2000s", name, err, line)
		}
		schemaSeen.note(name, of)
	}
	return ""
}

// seenLines are the fields that were there, by schema and type of the line.
type seenLines struct {
	mutex  sync.Mutex
	fields map[string]bool
}

var schemaSeen seenLines

func (s *seenLines) note(schema string, line map[string]any) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.fields == nil {
		s.fields = make(map[string]bool)
	}
	s.fields[fmt.Sprintf("%s %v", schema, line["type"])] = true
}

func (s *seenLines) has(what string) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.fields[what]
}

// TestSchemasClosed: every object of the schemas names its fields, and takes no
// others: a field that is new in the program fails a test until it has a schema.
func TestSchemasClosed(t *testing.T) {
	all, err := schemas()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 20 || all["verify"] == nil || all["report"] == nil {
		t.Fatalf("only %d schemas", len(all))
	}
	closed := 0
	var walk func(where string, v any)
	walk = func(where string, v any) {
		switch v := v.(type) {
		case map[string]any:
			if _, isObject := v["properties"].(map[string]any); isObject && v["type"] == "object" {
				closed++
				if v["additionalProperties"] != false {
					t.Errorf("%s takes fields that it does not name", where)
				}
			}
			for name, inner := range v {
				walk(where+"/"+name, inner)
			}
		case []any:
			for i, inner := range v {
				walk(fmt.Sprintf("%s/%d", where, i), inner)
			}
		}
	}
	for name := range all {
		if strings.HasPrefix(name, "/") {
			continue
		}
		data, err := os.ReadFile(filepath.Join(sourceDir, "../../docs/schema", name+".schema.json"))
		if err != nil {
			t.Fatal(err)
		}
		var v any
		if err := json.Unmarshal(data, &v); err != nil {
			t.Fatal(err)
		}
		walk(name, v)
	}
	if closed < 40 {
		t.Errorf("only %d objects were found", closed)
	}
}

// TestSchemaNotices: what is not as a schema has it is an error.
func TestSchemaNotices(t *testing.T) {
	p := few()
	args := []string{"verify", "--record", p.path("record.json"), "--shards", p.path("bucket"), "--json"}
	out := execute(t, args...).stdout
	if problem := unlikeSchema(args, out); problem != "" {
		t.Fatal(problem)
	}
	for _, change := range [][2]string{
		{`"status":"ok"`, `"status":"fine"`}, {`"warnings":[]`, `"warnings":[{"code":"x"}]`}, {`"warnings":[]`, `"warnings":[],"new":1`},
		{`"type":"summary"`, `"type":"end"`}, {`"begun":"2`, `"begun":"on the 2`}, {`"verb":"verify"`, `"verb":"verity"`}, {`"key_id":"`, `"key_id":"x`},
		{`"seconds":`, `"secs":`},
	} {
		changed := strings.Replace(out, change[0], change[1], 1)
		if changed == out || unlikeSchema(args, changed) == "" {
			t.Errorf("nothing is said of %s", change[1])
		}
	}
}

// TestSchemaOfEveryVerb runs each verb that has --json, but for those of a token,
// and sees the lines that its schema is about.
func TestSchemaOfEveryVerb(t *testing.T) {
	tier.Long(t)
	p, dir := few(), t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	record, bucket, key := p.path("record.json"), p.path("bucket"), p.path("key-0.pem")
	runs := [][]string{
		{"version"},
		{"verify", "--record", record, "--shards", bucket, "--report", in("v1.json"), "--part", "1/2"},
		{"verify", "--record", record, "--shards", bucket, "--report", in("v2.json"), "--part", "2/2"},
		{"report", "merge", in("v1.json"), in("v2.json"), "--record", record, "--out", in("v.json")},
		{"rebuild", "--record", record, "--shards", bucket, "--key", key, "--unsealed", "--out", in("out")},
		{"report", "merge", in("out/report.json"), "--record", record, "--out", in("r.json")},
		{"drill", "--record", record, "--shards", bucket, "--key", key},
		{"addresses", "--keys", in("out")},
		{"inspect", in("out/report.json"), record, key, in("v.json")},
		{"sandbox", "--keys", "2", "--out", in("sandbox")},
		{"record", "check", "--record", record, "--shards", bucket},
		{"record", "find", "--record", record, "--shards", bucket},
		{"record", "merge", "--record", record, "--record", record, "--out", in("merged.json")},
		{"keygen", "--out", in("pair"), "--unsealed"},
		{"preflight"},
		{"verify", "--record", in("none"), "--shards", bucket},
	}
	for _, args := range runs {
		execute(t, append(args, "--json")...)
	}
	for _, what := range []string{
		"version version", "verify run", "verify key", "verify summary", "verify error", "report-merge summary", "rebuild key", "rebuild summary",
		"drill key", "drill summary", "addresses key", "addresses summary", "inspect file", "sandbox key", "sandbox summary", "record-check summary",
		"record-find key", "record-find summary", "keygen pair", "preflight finding", "preflight summary",
	} {
		if !schemaSeen.has(what) {
			t.Errorf("no run has printed what is wanted of %s", what)
		}
	}
	all, err := schemas()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"v1.json", "v.json", "out/report.json", "r.json"} {
		f, err := os.Open(in(name))
		if err != nil {
			t.Fatal(err)
		}
		v, err := jsonschema.UnmarshalJSON(f)
		_ = f.Close()
		if err == nil {
			err = all["report"].Validate(v)
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSchemaFiles: each verb that takes --json has a schema, and no other.
func TestSchemaFiles(t *testing.T) {
	all, err := schemas()
	if err != nil {
		t.Fatal(err)
	}
	for name := range all {
		if name == "lines" || name == "report" || strings.HasPrefix(name, "/") {
			continue
		}
		verb, _, _ := strings.Cut(name, "-")
		if page := execute(t, verb, "--help").stdout; !strings.Contains(page, "--json") {
			t.Errorf("the page of %s has no --json", verb)
		}
	}
	for _, v := range verbs() {
		if page := execute(t, v.name, "--help").stdout; strings.Contains(page, "    --json ") {
			if !slices.ContainsFunc(slices.Collect(maps.Keys(all)), func(name string) bool { return name == v.name || strings.HasPrefix(name, v.name+"-") }) {
				t.Errorf("docs/schema has nothing of %s", v.name)
			}
		}
	}
}
