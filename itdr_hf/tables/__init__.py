"""From raw files to typed, cleaned tables, cached by the content of the files and the code that reads them."""
