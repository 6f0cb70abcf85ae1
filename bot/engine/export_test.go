package engine

// Nudge wakes the dispatcher, as a commit of this engine would.
func (e *Engine) Nudge() { e.nudge() }
