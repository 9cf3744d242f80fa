"""One module per subtask; the id is the module's name. Underscore-named modules are shared plan steps."""
