export interface Call {
  activity: string;
  child: string;
  input: unknown;
}

export enum Mood {
  Sad = 1,
  Happy,
}
