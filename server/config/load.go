package config

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// fileSetting names the file; it can stand in every place but the file.
const fileSetting = "config"

// Load puts a Config together from flags, the environment ("NAME=value", as
// os.Environ has it) and the file that one of them names. It is valid. If the
// arguments ask for help, the error is flag.ErrHelp.
func Load(arguments, environment []string) (Config, error) {
	c := Default()
	flags, path, err := parseFlags(arguments, c)
	if err != nil {
		return Config{}, err
	}
	named := parseEnvironment(environment)
	if path == "" {
		path = named[environmentName(fileSetting)]
	}
	faults := []error{readFile(path, &c)}
	for _, s := range settings(&c) {
		if text, ok := named[environmentName(s.name)]; ok {
			faults = append(faults, apply(environmentName(s.name), s.value, split(s.value, text)))
		}
		if text, ok := flags[s.name]; ok {
			faults = append(faults, apply("--"+s.name, s.value, split(s.value, text)))
		}
	}
	if err := errors.Join(faults...); err != nil {
		return Config{}, err
	}
	c = c.WithDefaults()
	return c, c.Validate()
}

// apply sets a value; where tells people which one was wrong.
func apply(where string, v value, texts []string) error {
	if err := v.set(texts); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	return nil
}

// environmentName is CHALKLINE_LOG_LEVEL for log-level.
func environmentName(name string) string {
	return "CHALKLINE_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

func parseEnvironment(environment []string) map[string]string {
	named := make(map[string]string)
	for _, e := range environment {
		if name, text, ok := strings.Cut(e, "="); ok {
			named[name] = text
		}
	}
	return named
}

// flagText remembers what a flag was set to. The last one counts.
type flagText struct {
	name    string
	to      map[string]string
	boolean bool // --dev is --dev=on
}

func (f flagText) String() string { return "" }
func (f flagText) Set(text string) error {
	f.to[f.name] = text
	return nil
}
func (f flagText) IsBoolFlag() bool { return f.boolean }

// parseFlags returns the flags that are set and the file they name.
func parseFlags(arguments []string, c Config) (set map[string]string, path string, err error) {
	set = make(map[string]string)
	flags := flag.NewFlagSet("chalkline", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&path, fileSetting, "", "")
	var switches []string
	for _, s := range settings(&c) {
		_, boolean := s.value.(switchValue)
		if boolean {
			switches = append(switches, "--"+s.name, "-"+s.name)
		}
		flags.Var(flagText{s.name, set, boolean}, s.name, s.help)
	}
	if err := flags.Parse(joined(arguments, switches)); err != nil {
		return nil, "", err
	}
	if rest := flags.Args(); len(rest) > 0 {
		return nil, "", fmt.Errorf("%q is no setting", rest[0])
	}
	return set, path, nil
}

// joined makes --dev=off of --dev off: flags with a value of their own take no word
// that follows.
func joined(arguments, switches []string) (all []string) {
	for i := 0; i < len(arguments); i++ {
		argument := arguments[i]
		if slices.Contains(switches, argument) && i+1 < len(arguments) {
			var value Switch
			if (switchValue{&value}).set(arguments[i+1:i+2]) == nil {
				i++
				argument += "=" + arguments[i]
			}
		}
		all = append(all, argument)
	}
	return all
}

// readFile reads a YAML file into c; an empty path is no file.
func readFile(path string, c *Config) error {
	if path == "" {
		return nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("configuration file: %w", err)
	}
	if err := readYAML(text, c); err != nil {
		return fmt.Errorf("configuration file %s:\n%w", path, err)
	}
	return nil
}

// readYAML reads a flat mapping of settings. It tells every fault with its line.
func readYAML(text []byte, c *Config) error {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return err
	}
	if len(document.Content) == 0 {
		return nil // nothing but comments
	}
	mapping := document.Content[0]
	if mapping.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: not of the form name: value", mapping.Line)
	}
	known := make(map[string]value)
	for _, s := range settings(c) {
		known[s.name] = s.value
	}
	var faults []error
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		key, node := mapping.Content[i], mapping.Content[i+1]
		if err := readSetting(known, key.Value, node); err != nil {
			faults = append(faults, fmt.Errorf("line %d: %s: %w", key.Line, key.Value, err))
		}
	}
	return errors.Join(faults...)
}

// readSetting sets one value and forgets it, so that it stands once.
func readSetting(known map[string]value, name string, node *yaml.Node) error {
	v, ok := known[name]
	if !ok {
		return errors.New("no such setting, or for the second time")
	}
	delete(known, name)
	texts, err := nodeTexts(node, v.list())
	if err != nil {
		return err
	}
	return v.set(texts)
}

// nodeTexts are the items of a sequence or the one text of a scalar.
func nodeTexts(node *yaml.Node, list bool) ([]string, error) {
	if node.Kind == yaml.ScalarNode {
		if node.Tag == "!!null" && list {
			return nil, nil
		}
		return []string{node.Value}, nil
	}
	if node.Kind != yaml.SequenceNode || !list {
		return nil, errors.New("one value is needed")
	}
	texts := make([]string, len(node.Content))
	for i, item := range node.Content {
		if item.Kind != yaml.ScalarNode {
			return nil, errors.New("items must be plain values")
		}
		texts[i] = item.Value
	}
	return texts, nil
}

// Usage describes every setting as a flag, with its default.
func Usage(w io.Writer) {
	c := Default()
	_, _ = fmt.Fprintf(w, "  --%-17s %s\n", fileSetting, "YAML file with the settings below")
	for _, s := range settings(&c) {
		text := strings.Join(s.value.texts(), ",")
		if text != "" {
			text = " (" + text + ")"
		}
		_, _ = fmt.Fprintf(w, "  --%-17s %s%s\n", s.name, s.help, text)
	}
	_, _ = fmt.Fprintf(w, "\nEvery flag is a setting of the file and of the environment as well: --log-level is\n"+
		"log-level: in the file and CHALKLINE_LOG_LEVEL. Flags are stronger than the environment,\n"+
		"the environment is stronger than the file. Lists have commas.\n")
}
