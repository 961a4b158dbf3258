// Command aws-auth-oracle prints how aws-iam-authenticator itself reads aws-auth.
//
// Each line of standard input is the `data` of a ConfigMap as a JSON object of strings.
// Each line of standard output says what the authenticator maps from it: every list is present,
// and "failed" is true just where ParseMap reports an error.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	"github.com/sirupsen/logrus"
	"sigs.k8s.io/aws-iam-authenticator/pkg/config"
	"sigs.k8s.io/aws-iam-authenticator/pkg/mapper/configmap"
)

// A ConfigMap holds at most 1 MiB; escaped as JSON it can grow sixfold.
const longestLine = 16 << 20

type role struct {
	RoleARN  string      `json:"rolearn,omitempty"`
	SSO      *permission `json:"sso,omitempty"`
	Username string      `json:"username"`
	Groups   []string    `json:"groups"`
}

type permission struct {
	PermissionSetName string `json:"permissionSetName"`
	AccountID         string `json:"accountID"`
	Partition         string `json:"partition"`
}

type user struct {
	UserARN  string   `json:"userarn"`
	Username string   `json:"username"`
	Groups   []string `json:"groups"`
}

type reading struct {
	Roles    []role   `json:"roles"`
	Users    []user   `json:"users"`
	Accounts []string `json:"accounts"`
	Failed   bool     `json:"failed"`
	Error    string   `json:"error,omitempty"`
}

func main() {
	logrus.SetLevel(logrus.PanicLevel)
	if err := answer(); err != nil {
		fmt.Fprintln(os.Stderr, "aws-auth-oracle:", err)
		os.Exit(1)
	}
}

func answer() error {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 1<<20), longestLine)
	buffered := bufio.NewWriter(os.Stdout)
	out := json.NewEncoder(buffered)
	for lines.Scan() {
		data := map[string]string{}
		if err := json.Unmarshal(lines.Bytes(), &data); err != nil {
			return fmt.Errorf("a line is no JSON object of strings: %w", err)
		}
		if err := out.Encode(read(data)); err != nil {
			return err
		}
		// One answer a question, so that a caller may also ask line by line.
		if err := buffered.Flush(); err != nil {
			return err
		}
	}
	return lines.Err()
}

func read(data map[string]string) (r reading) {
	defer func() {
		if cause := recover(); cause != nil {
			r = reading{Failed: true, Error: fmt.Sprint("panic: ", cause)}
		}
	}()
	users, roles, accounts, err := configmap.ParseMap(data)
	r = reading{Roles: []role{}, Users: []user{}, Accounts: list(accounts)}
	for _, m := range roles {
		r.Roles = append(r.Roles, mappedRole(m))
	}
	for _, m := range users {
		r.Users = append(r.Users, user{UserARN: m.UserARN, Username: m.Username, Groups: list(m.Groups)})
	}
	if err != nil {
		r.Failed, r.Error = true, err.Error()
	}
	return r
}

func mappedRole(m config.RoleMapping) role {
	mapped := role{RoleARN: m.RoleARN, Username: m.Username, Groups: list(m.Groups)}
	if m.SSO != nil {
		mapped.SSO = &permission{m.SSO.PermissionSetName, m.SSO.AccountID, m.SSO.Partition}
	}
	return mapped
}

// list makes a null list an empty one: the authenticator treats both alike.
func list(of []string) []string {
	if of == nil {
		return []string{}
	}
	return of
}
