/** Draws points with WebGL: one draw call, whatever their number. */
export interface View {
  /** Middle of the view, in the points' coordinates. */
  x: number
  y: number
  /** 1 shows everything from -1 to 1. */
  zoom: number
}

const VERTEX = `
attribute vec2 place;
attribute vec4 colour;
uniform vec2 middle;
uniform vec2 scale;
uniform float size;
varying vec4 shade;
void main() {
  gl_Position = vec4((place - middle) * scale, 0.0, 1.0);
  gl_PointSize = size * (colour.a > 0.99 ? 1.8 : 1.0);
  shade = colour;
}`

const FRAGMENT = `
precision mediump float;
varying vec4 shade;
void main() {
  vec2 from = gl_PointCoord - vec2(0.5);
  if (dot(from, from) > 0.25) discard;
  gl_FragColor = vec4(shade.rgb * shade.a, shade.a);
}`

export class Scatter {
  private readonly gl: WebGLRenderingContext
  private readonly program: WebGLProgram
  private readonly colours: WebGLBuffer
  private count = 0

  /** Throws where the browser has no WebGL. */
  constructor(
    private readonly canvas: HTMLCanvasElement,
    positions: Float32Array<ArrayBuffer>,
  ) {
    const gl = canvas.getContext('webgl', { antialias: true, premultipliedAlpha: true })
    if (!gl) throw new Error('WebGL')
    this.gl = gl
    this.program = gl.createProgram()
    for (const [type, source] of [
      [gl.VERTEX_SHADER, VERTEX],
      [gl.FRAGMENT_SHADER, FRAGMENT],
    ] as const) {
      const shader = gl.createShader(type)
      if (!shader) throw new Error('WebGL')
      gl.shaderSource(shader, source)
      gl.compileShader(shader)
      gl.attachShader(this.program, shader)
    }
    gl.linkProgram(this.program)
    gl.useProgram(this.program)
    gl.enable(gl.BLEND)
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA)
    this.count = positions.length / 2
    this.bind('place', 2, gl.createBuffer(), positions)
    this.colours = gl.createBuffer()
  }

  private bind(name: string, size: number, buffer: WebGLBuffer, data: Float32Array<ArrayBuffer>) {
    const { gl } = this
    const place = gl.getAttribLocation(this.program, name)
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer)
    gl.bufferData(gl.ARRAY_BUFFER, data, gl.STATIC_DRAW)
    gl.enableVertexAttribArray(place)
    gl.vertexAttribPointer(place, size, gl.FLOAT, false, 0, 0)
  }

  /** Red, green, blue, alpha (0 to 1) of each point. */
  colour(colours: Float32Array<ArrayBuffer>) {
    this.bind('colour', 4, this.colours, colours)
  }

  /** Pixels for one unit of the points' coordinates. */
  static unit(width: number, height: number, zoom: number): number {
    return (Math.min(width, height) / 2) * 0.95 * zoom
  }

  draw(view: View) {
    const { gl, canvas } = this
    const ratio = window.devicePixelRatio || 1
    const [width, height] = [canvas.clientWidth, canvas.clientHeight]
    canvas.width = width * ratio
    canvas.height = height * ratio
    gl.viewport(0, 0, canvas.width, canvas.height)
    gl.clearColor(0, 0, 0, 0)
    gl.clear(gl.COLOR_BUFFER_BIT)
    const unit = Scatter.unit(width, height, view.zoom)
    gl.uniform2f(gl.getUniformLocation(this.program, 'middle'), view.x, view.y)
    gl.uniform2f(gl.getUniformLocation(this.program, 'scale'), (2 * unit) / width, (2 * unit) / height)
    gl.uniform1f(
      gl.getUniformLocation(this.program, 'size'),
      Math.min(12, 4 + Math.log2(Math.max(1, view.zoom))) * ratio,
    )
    gl.drawArrays(gl.POINTS, 0, this.count)
  }

  close() {
    this.gl.getExtension('WEBGL_lose_context')?.loseContext()
  }
}
