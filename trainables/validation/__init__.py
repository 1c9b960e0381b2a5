"""Files and documents that somebody else wrote, read within limits; secrets kept out of what is written."""
