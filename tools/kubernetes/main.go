// Command kubernetes answers the questions that only Kubernetes' own code can
// answer, for the tests: how its decoder reads a stream of manifests, and
// whether the API server would accept a NetworkPolicy.
//
//	kubernetes read FILE       one JSON object a line, as kubectl decodes FILE
//	kubernetes validate FILE   one line a document: "ok", or the reasons for refusal
//
// It runs no server and no part of it is shipped.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/kubernetes/pkg/apis/networking"
	internalv1 "k8s.io/kubernetes/pkg/apis/networking/v1"
	"k8s.io/kubernetes/pkg/apis/networking/validation"
)

func main() {
	if len(os.Args) != 3 {
		fail(errors.New("usage: kubernetes read|validate FILE"))
	}
	file, err := os.Open(os.Args[2])
	if err != nil {
		fail(err)
	}
	defer file.Close()
	each := map[string]func([]byte) string{"read": read, "validate": validator()}[os.Args[1]]
	if each == nil {
		fail(fmt.Errorf("unknown command %q", os.Args[1]))
	}
	documents := yaml.NewYAMLOrJSONDecoder(bufio.NewReader(file), 4096)
	for {
		var raw runtime.RawExtension
		err := documents.Decode(&raw)
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			fail(err)
		}
		if len(raw.Raw) == 0 || string(raw.Raw) == "null" {
			continue
		}
		fmt.Println(each(raw.Raw))
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func read(document []byte) string {
	var value any
	if err := json.Unmarshal(document, &value); err != nil {
		return fmt.Sprintf("error: %v", err)
	}
	canonical, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprintf("error: %v", err)
	}
	return string(canonical)
}

// validator decodes strictly (unknown and duplicate fields are refused, as with
// fieldValidation=Strict, kubectl's default), applies the API's defaults and
// runs the API server's own validation.
func validator() func([]byte) string {
	scheme := runtime.NewScheme()
	must(networkingv1.AddToScheme(scheme))
	must(networking.AddToScheme(scheme))
	must(internalv1.AddToScheme(scheme))
	decoder := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDecoder(networking.SchemeGroupVersion)
	return func(document []byte) string {
		object, _, err := decoder.Decode(document, nil, nil)
		if err != nil {
			return fmt.Sprintf("refused: %v", err)
		}
		policy, ok := object.(*networking.NetworkPolicy)
		if !ok {
			return fmt.Sprintf("refused: not a NetworkPolicy but %T", object)
		}
		if policy.Namespace == "" {
			policy.Namespace = metav1.NamespaceDefault
		}
		problems := validation.ValidateNetworkPolicy(policy, validation.NetworkPolicyValidationOptions{})
		if len(problems) > 0 {
			return fmt.Sprintf("refused: %v", problems.ToAggregate())
		}
		return "ok"
	}
}

func must(err error) {
	if err != nil {
		fail(err)
	}
}
