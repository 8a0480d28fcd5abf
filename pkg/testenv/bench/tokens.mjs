// Reads JSON strings, one a line, and prints for each the Llama 3 token ids as a JSON array, without the tokens that
// begin and end a text.
import { createInterface } from 'node:readline';
import tokenizer from 'llama3-tokenizer-js';

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  process.stdout.write(JSON.stringify(tokenizer.encode(JSON.parse(line), { bos: false, eos: false })) + '\n');
}
