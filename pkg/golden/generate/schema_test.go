package generate

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/golden"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

func TestSchema(t *testing.T) {
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(golden.CaseSchema)))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	require.NoError(t, compiler.AddResource("case.json", doc))
	schema, err := compiler.Compile("case.json")
	require.NoError(t, err)
	o := toys(t)
	o.Noise = []int{0, 10}
	for _, c := range collect(t, o) {
		raw, err := json.Marshal(c)
		require.NoError(t, err)
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(string(raw)))
		require.NoError(t, err)
		require.NoError(t, schema.Validate(value), c.ID)
	}
	for name, raw := range map[string]string{
		"unknown field": `{"id":"a","schema_version":1,"split":"dev","group_id":"g","query":{"logql":"{a=\"b\"}","start":"2026-01-01T00:00:00Z","end":"2026-01-01T00:15:00Z"},"streams":[],"expected":{"verdict":"healthy","severity":0,"category":"none"},"provenance":{"source":"x"},"more":1}`,
		"no expected":   `{"id":"a","schema_version":1,"split":"dev","group_id":"g","query":{"logql":"{a=\"b\"}","start":"2026-01-01T00:00:00Z","end":"2026-01-01T00:15:00Z"},"streams":[],"provenance":{"source":"x"}}`,
	} {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(raw))
		require.NoError(t, err)
		require.Error(t, schema.Validate(value), name)
	}
}

// The schema has the fields that a case has, no more and no fewer.
func TestSchemaHasEachField(t *testing.T) {
	var schema map[string]any
	require.NoError(t, json.Unmarshal(golden.CaseSchema, &schema))
	defs := schema["$defs"].(map[string]any)
	var compare func(path string, typ reflect.Type, node map[string]any)
	compare = func(path string, typ reflect.Type, node map[string]any) {
		for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
			typ = typ.Elem()
			if items, ok := node["items"].(map[string]any); ok {
				node = items
			}
		}
		if ref, ok := node["$ref"].(string); ok {
			node = defs[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any)
		}
		if typ.Kind() != reflect.Struct || typ == reflect.TypeFor[time.Time]() {
			return
		}
		properties := node["properties"].(map[string]any)
		var fields []string
		for f := range typ.Fields() {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			fields = append(fields, name)
			require.Contains(t, properties, name, path)
			compare(path+"."+name, f.Type, properties[name].(map[string]any))
		}
		require.ElementsMatch(t, fields, sortedKeys(properties), path)
	}
	compare("case", reflect.TypeFor[golden.Case](), schema)
	var categories []verdict.Category
	for _, c := range defs["category"].(map[string]any)["enum"].([]any) {
		categories = append(categories, verdict.Category(c.(string)))
	}
	require.Equal(t, verdict.Categories(), categories)
}
