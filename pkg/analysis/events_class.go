package analysis

import (
	"regexp"
	"strings"
)

// An eventClass orders events by how much of an incident they explain. Those of other
// workloads than the streams' come foreignPlaces behind.
type eventClass int

const (
	classFailure eventClass = 0 // a pod, a volume or a node fails or is taken away
	classRollout eventClass = 1 // what runs was changed
	classWarning eventClass = 4 // any other warning
	classRestart eventClass = 5 // containers were started or stopped

	foreignPlaces = 2
)

// classOf returns the class of an event; false where it explains nothing.
func classOf(e *Event) (eventClass, bool) {
	switch {
	case e.Warning && failureReason(e.Reason):
		return classFailure, true
	case e.Warning:
		return classWarning, true
	}
	switch e.Reason {
	case "Killing":
		if strings.Contains(e.Message, "will be restarted") {
			return classFailure, true
		}
		return classRestart, true
	case "Started":
		return classRestart, true
	case "NodeNotReady", "NodeHasDiskPressure", "NodeHasInsufficientMemory", "NodeHasInsufficientPID", "TaintManagerEviction", "Preempted":
		return classFailure, true
	case "Pulled": // again and again by a container that restarts
		return classRollout, e.Count <= 1 && strings.HasPrefix(e.Message, "Successfully pulled image")
	case "SuccessfulCreate", "SuccessfulDelete": // a replica set's is told by its deployment
		return classRollout, e.Kind != "ReplicaSet"
	case "Progressing": // Flux' kustomize-controller lists what it changed
		return classRollout, e.Kind == "Kustomization"
	case "ScalingReplicaSet", "SuccessfulRescale", "NodeNotSchedulable",
		"InstallSucceeded", "UpgradeSucceeded", "RollbackSucceeded", "UninstallSucceeded", // Flux' helm-controller
		"OperationStarted", "OperationCompleted", // Argo CD
		"RolloutUpdated", "RolloutCompleted", "RolloutAborted": // Argo Rollouts
		return classRollout, true
	}
	return 0, false
}

// failureReason reports whether a warning's reason says that something does not run.
func failureReason(reason string) bool {
	switch reason {
	case "BackOff", "Unhealthy", "Evicted", "OOMKilling", "SystemOOM", "NodeNotReady", "Rebooted", "ExceededGracePeriod",
		"BackoffLimitExceeded", "DeadlineExceeded", "ErrImageNeverPull", "EvictionThresholdMet":
		return true
	}
	for _, measuring := range []string{"FailedGet", "FailedCompute", "FailedToUpdate"} {
		if strings.HasPrefix(reason, measuring) { // autoscalers and endpoints without a measurement
			return false
		}
	}
	return strings.HasPrefix(reason, "Failed") || strings.HasSuffix(reason, "Failed")
}

// The ends that Kubernetes generates: a replica set's hash is a number in the letters
// that [k8s.io/apimachinery/pkg/util/rand.SafeEncodeString] gives digits, a pod's end
// five letters of its alphabet, a cron job's the minutes since 1970.
const (
	generatedHash = `-[4-9bcdf]{7,10}`
	generatedEnd  = `-[bcdfghjklmnpqrstvwxz2456789]{5}`
)

var (
	podSuffix     = regexp.MustCompile(`(` + generatedHash + generatedEnd + `|-\d{8,}` + generatedEnd + `|` + generatedEnd + `|-\d+)$`)
	replicaSuffix = regexp.MustCompile(generatedHash + `$`)
	numberSuffix  = regexp.MustCompile(`-\d+$`)
)

// workload returns the name of the workload that an object belongs to: its name less
// what Kubernetes generated.
func workload(kind, name string) string {
	suffix := numberSuffix
	switch kind {
	case "Pod":
		suffix = podSuffix
	case "ReplicaSet":
		suffix = replicaSuffix
	case "Job", "PersistentVolumeClaim":
	default:
		return name
	}
	if at := suffix.FindStringIndex(name); at != nil && at[0] > 0 {
		return name[:at[0]]
	}
	return name
}

// What is different in each message of a kind.
var (
	uuids     = regexp.MustCompile(`\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b`)
	generated = regexp.MustCompile(generatedHash + `(?:` + generatedEnd + `)?(_|\b)`)
	digests   = regexp.MustCompile(`(?:sha256:)?\b[0-9a-f]{12,}\b`)
	addresses = regexp.MustCompile(`\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b`)
	durations = regexp.MustCompile(`\b(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+\b`)
	// numbers matches the other numbers, and before them what must stay: placeholders,
	// and the codes that a process or a probe ended with.
	numbers = regexp.MustCompile(`<[a-z-]+>|(?i:code)[:=]? ?\d{1,3}\b|\d+(?:[.,]\d+)*`)
)

// maskEvent replaces what varies between messages of a kind by the placeholders of
// patterns; other numbers only if asked to.
func maskEvent(s string, maskNumbers bool) string {
	s = uuids.ReplaceAllString(s, "<id>")
	s = generated.ReplaceAllString(s, "-<id>$1")
	s = digests.ReplaceAllString(s, "<hex>")
	s = addresses.ReplaceAllString(s, "<ip>")
	s = durations.ReplaceAllString(s, "<dur>")
	if !maskNumbers {
		return s
	}
	return numbers.ReplaceAllStringFunc(s, func(m string) string {
		if m[0] >= '0' && m[0] <= '9' {
			return "<num>"
		}
		return m
	})
}
