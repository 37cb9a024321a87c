"""What each literal of an SQL statement is for, told by the statement's tree: data, or something that decides."""
