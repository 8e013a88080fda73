"""What people read: values become Documents, pictures and files."""
