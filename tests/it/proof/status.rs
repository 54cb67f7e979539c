//! 408 on a reused connection: refused only with the whole proof, else the response.
