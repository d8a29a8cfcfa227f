"""What an environment gets that Routing ML is installed in with pip. The program's own packages lie in `program` below, where names such as
`common` are nobody else's."""
