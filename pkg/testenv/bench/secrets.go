package main

import "context"

func benchSecrets(context.Context, func(string, float64, string)) error { return errSkip }
