/** Says what is wrong with the address of a server, or nothing when it can be one. */
export function urlProblem(url: string, example: string): string | undefined {
  const advice = `Enter the whole address, for example ${example}.`;
  if (url === '') {
    return advice;
  }
  if (!/^https?:\/\//.test(url)) {
    return `The address must begin with http:// or https://. ${advice}`;
  }
  if (/\s/.test(url) || !URL.canParse(url)) {
    return `This is not an address of a server. ${advice}`;
  }
  return undefined;
}
