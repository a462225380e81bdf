/**
 * The part of an nginx configuration that upstream and candidate share. One process and no master, so that its CPU time
 * and memory are read in one place; nothing is written outside its folder.
 */
export function nginxFile(folder: string, http: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return `daemon off; master_process off; pid ${folder}/nginx.pid; error_log stderr;
events { worker_connections 16384; }
http {
  access_log off;
  default_type application/json;
  open_file_cache max=16;
  keepalive_timeout 1h;
  keepalive_requests 1000000000;
  ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}
  ${http}
}
`
}
