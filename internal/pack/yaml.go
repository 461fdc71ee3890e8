package pack

import (
	"bytes"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"quay20/internal/lawtime"
)

// Marshal writes a value as a file of the pack says it, so that decode reads the
// same value again. What is empty is left out.
func Marshal(v any) ([]byte, error) {
	n, err := node(reflect.ValueOf(v), "")
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	if err := enc.Encode(n); err != nil {
		return nil, fmt.Errorf("writing YAML: %w", err)
	}
	return out.Bytes(), enc.Close()
}

// node is a value as YAML; nil if there is nothing to say.
func node(v reflect.Value, format string) (*yaml.Node, error) {
	switch {
	case v.Type() == noLimit && v.IsNil():
		return word("none", "!!str"), nil // the law sets no number: said, not forgotten
	case v.Kind() == reflect.Pointer:
		if v.IsNil() {
			return nil, nil
		}
		if v.Elem().Kind() == reflect.Int64 {
			return word(strconv.FormatInt(v.Elem().Int(), 10), "!!int"), nil // an amount of 0 is an amount
		}
		return node(v.Elem(), format)
	case v.Type() == limitType:
		return limitNode(v.Interface().(lawtime.Limit)), nil
	case format == "clock":
		if v.IsZero() {
			return nil, nil
		}
		return word(hhmm(int(v.Int())), "!!str"), nil
	case v.Kind() == reflect.Struct:
		return structNode(v)
	case v.Kind() == reflect.Slice:
		return listNode(v)
	case v.IsZero():
		return nil, nil
	case v.Kind() == reflect.String:
		if isDate(v.String()) {
			return word(v.String(), "!!timestamp"), nil
		}
		return word(v.String(), "!!str"), nil
	case v.Kind() == reflect.Bool:
		return word("true", "!!bool"), nil
	case v.Kind() == reflect.Int || v.Kind() == reflect.Int64:
		return word(strconv.FormatInt(v.Int(), 10), "!!int"), nil
	case v.Kind() == reflect.Float64:
		said := strconv.FormatFloat(v.Float(), 'f', -1, 64)
		if !strings.Contains(said, ".") {
			return word(said, "!!int"), nil
		}
		return word(said, "!!float"), nil
	}
	return nil, fmt.Errorf("no form for %s", v.Type())
}

func word(value, tag string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: value}
}

func limitNode(l lawtime.Limit) *yaml.Node {
	if l == (lawtime.Limit{}) {
		return nil
	}
	if l.Law == "" {
		said := l.String()
		if l.Count != "" {
			said += " " + string(l.Count)
		}
		return word(said, "!!str")
	}
	n := &yaml.Node{Kind: yaml.MappingNode, Style: yaml.FlowStyle}
	n.Content = append(n.Content, word("amount", "!!str"), word(strconv.Itoa(l.Amount), "!!int"), word("unit", "!!str"), word(string(l.Unit), "!!str"))
	if l.Count != "" {
		n.Content = append(n.Content, word("count", "!!str"), word(string(l.Count), "!!str"))
	}
	n.Content = append(n.Content, word("law", "!!str"), word(l.Law, "!!str"))
	return n
}

func structNode(v reflect.Value) (*yaml.Node, error) {
	n := &yaml.Node{Kind: yaml.MappingNode}
	known := keys(v.Type())
	for _, field := range reflect.VisibleFields(v.Type()) {
		for name, k := range known {
			if !reflect.DeepEqual(k.index, field.Index) {
				continue
			}
			value, err := node(v.FieldByIndex(k.index), k.format)
			if err != nil {
				return nil, err
			}
			if value != nil {
				n.Content = append(n.Content, word(name, "!!str"), value)
			}
		}
	}
	return n, nil
}

func listNode(v reflect.Value) (*yaml.Node, error) {
	if v.Len() == 0 {
		return nil, nil
	}
	n := &yaml.Node{Kind: yaml.SequenceNode}
	for i := range v.Len() {
		item, err := node(v.Index(i), "")
		if err != nil {
			return nil, err
		}
		if item == nil {
			item = word("", "!!str")
		}
		n.Content = append(n.Content, item)
	}
	return n, nil
}
