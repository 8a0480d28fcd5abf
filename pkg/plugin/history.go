package plugin

import "context"

func (d *datasource) history(_ context.Context, _ query, _ asker) (framesOut, error) {
	return nil, inputError("not yet")
}
